import { addAbortSignal, Readable } from 'node:stream';
import type { ImageSource } from '../../ends/image-source.ts';
import type { LayerIntake } from '../../ends/layer-intake.ts';
import { type ByteFile, streamRange } from '../byte-file.ts';
import { type OpenSourceOptions, openTarSource, type SentLayers } from '../open-source.ts';
import { decompressStream, MAX_PLAIN_BYTES, recognizeStream } from '../open-stream.ts';
import { KeptFile } from './kept-file.ts';
import { receiveTar } from './receive-tar.ts';

/**
 * Opens a tar out of a stream, as `openStreamSource` does, but gives its layers to `intake` while they arrive. It keeps
 * everything else, in memory while that is small. Layers cannot be read again. If this throws, the intake was aborted.
 */
export async function openArrivingSource(
  stream: Readable,
  name: string,
  intake: LayerIntake,
  options: OpenSourceOptions,
): Promise<ImageSource> {
  const { temporaryDirectory, maxSpoolBytes = MAX_PLAIN_BYTES, spoolLimit } = options;
  const kept = new KeptFile(name, { temporaryDirectory, maxSpoolBytes });
  try {
    addAbortSignal(intake.signal, stream);
    const input = options.recognized ?? (await recognizeStream(stream, name, spoolLimit));
    await receiveTar(decompressStream(input), kept, intake);
  } catch (error) {
    kept.close();
    const reason = intake.signal.aborted ? intake.signal.reason : error;
    await intake.abort(reason);
    throw reason;
  } finally {
    stream.destroy();
  }
  return openTarSource(kept, options, intake.sent);
}

/**
 * Opens a compressed tar file as `openArrivingSource` does. If bytes are needed twice, it calls `onReread` with the reason
 * and decompresses the file into a temporary one. Closes the file in any case.
 */
export async function openArrivingFile(
  file: ByteFile,
  intake: LayerIntake,
  options: OpenSourceOptions,
  onReread: (reason: string) => void,
): Promise<ImageSource> {
  let isTaken = false;
  const reread = (reason: string, sent: SentLayers): Promise<ImageSource> => {
    onReread(reason);
    isTaken = true;
    return openTarSource(file, options, sent);
  };
  try {
    const stream = Readable.from(streamRange(file, 0, file.size, file.path));
    const source = await openArrivingSource(stream, file.path, intake, options);
    const asTheyAre = new Map([...intake.sent].filter(([, { compressorId }]) => compressorId === undefined));
    if (source.format !== 'oci-layout' || asTheyAre.size === intake.sent.size) return source;
    await source.close();
    return await reread('its layers are uncompressed and must stay so', asTheyAre);
  } catch (error) {
    if (!intake.lostBytes || isTaken) throw error;
    return await reread('the service lost bytes that were sent', intake.sent);
  } finally {
    if (!isTaken) file.close();
  }
}

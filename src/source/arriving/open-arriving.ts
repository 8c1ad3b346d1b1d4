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
    await receiveTar(decompressStream(input), kept, intake, options.diffIds);
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
 * Opens a tar out of a stream as `openArrivingSource` does, when the same tar can be had again. If bytes are needed twice, it calls
 * `reread` with the reason and the layers that need not be sent again.
 */
export async function openArrivingTwice(
  stream: Readable,
  name: string,
  intake: LayerIntake,
  options: OpenSourceOptions,
  reread: (reason: string, sent: SentLayers) => Promise<ImageSource>,
): Promise<ImageSource> {
  let source: ImageSource;
  try {
    source = await openArrivingSource(stream, name, intake, options);
  } catch (error) {
    if (!intake.lostBytes) throw error;
    return reread('the service lost bytes that were sent', intake.sent);
  }
  const asTheyAre = new Map([...intake.sent].filter(([, { compressorId }]) => compressorId === undefined));
  if (source.format !== 'oci-layout' || asTheyAre.size === intake.sent.size) return source;
  await source.close();
  return reread('its layers are uncompressed and must stay so', asTheyAre);
}

/**
 * Opens a compressed tar file as `openArrivingTwice` does: calls `onReread` with the reason and decompresses the file into a temporary
 * one. Closes the file in any case.
 */
export async function openArrivingFile(
  file: ByteFile,
  intake: LayerIntake,
  options: OpenSourceOptions,
  onReread: (reason: string) => void,
): Promise<ImageSource> {
  let isTaken = false;
  try {
    const stream = Readable.from(streamRange(file, 0, file.size, file.path));
    return await openArrivingTwice(stream, file.path, intake, options, (reason, sent) => {
      onReread(reason);
      isTaken = true;
      return openTarSource(file, options, sent);
    });
  } finally {
    if (!isTaken) file.close();
  }
}

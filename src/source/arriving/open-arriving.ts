import { addAbortSignal, Readable } from 'node:stream';
import type { ImageSource } from '../../ends/image-source.ts';
import type { LayerIntake } from '../../ends/layer-intake.ts';
import { type ByteFile, streamBytes } from '../byte-file.ts';
import { type OpenSourceOptions, openTarSource, type SentLayers } from '../open-source.ts';
import { MAX_PLAIN_BYTES, recognizeStream, unpackStream } from '../open-stream.ts';
import { KeptFile } from './kept-file.ts';
import { receiveTar } from './receive-tar.ts';

/**
 * The same without the temporary file: layers are given to `intake` while they arrive, everything else is kept, in memory
 * as long as it is small. What went by cannot be opened again. When this throws, the intake has given up.
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
    const input = await recognizeStream(stream, name, spoolLimit);
    await receiveTar(unpackStream(input), kept, intake);
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
 * Opens a compressed tar while giving its layers to `intake`, as `openArrivingSource` does; but as a file can be read again, it
 * is unpacked into a temporary file, and `onReread` told why, when bytes are needed that have gone by. The file is closed in any
 * case.
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
    const stream = Readable.from(streamBytes(file, 0, file.size, file.path));
    const source = await openArrivingSource(stream, file.path, intake, options);
    const asTheyAre = new Map([...intake.sent].filter(([, { encoding }]) => encoding === undefined));
    if (source.format !== 'oci-layout' || asTheyAre.size === intake.sent.size) return source;
    await source.close();
    return await reread('its layers are uncompressed and to stay so', asTheyAre);
  } catch (error) {
    if (!intake.lostBytes || isTaken) throw error;
    return await reread('the service lost bytes that had gone by', intake.sent);
  } finally {
    if (!isTaken) file.close();
  }
}

import { addAbortSignal, type Readable } from 'node:stream';
import type { ImageSource } from './image-source.ts';
import { KeptFile } from './kept-file.ts';
import type { LayerIntake } from './layer-intake.ts';
import { type OpenSourceOptions, openTarSource } from './open-source.ts';
import { MAX_PLAIN_BYTES, recognizeStream, unpackStream } from './packed-stream.ts';
import { receiveTar } from './receive-tar.ts';
import { spool } from './spool.ts';

/**
 * Opens a tar out of a stream, compressed or not, as `openSource` does; `name` stands for its path in messages. It is written
 * into a temporary file, unpacked, as a layer may be before what says how to read it.
 */
export async function openStreamSource(
  stream: Readable,
  name: string,
  options: OpenSourceOptions,
): Promise<ImageSource> {
  const { signal, spoolLimit } = options;
  // Waiting for what never comes would outlive an interruption.
  if (signal !== undefined) addAbortSignal(signal, stream);
  try {
    const input = await recognizeStream(stream, name, spoolLimit);
    return await openTarSource(await spool(input, options, signal), options);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    stream.destroy();
  }
}

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

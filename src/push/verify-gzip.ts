import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { EcrpError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';

/**
 * Passes gzip bytes through and gives `onEnd` the digest of what they unpack to.
 * Throws INVALID_INPUT naming `name` when they do not unpack.
 */
export async function* verifyGzip(
  chunks: AsyncIterable<Buffer>,
  name: string,
  onEnd: (digest: Digest) => void,
): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  const hash = createHash('sha256');
  gunzip.on('data', (chunk: Buffer) => hash.update(chunk));
  const done = finished(gunzip).catch((cause: unknown) => {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new EcrpError('INVALID_INPUT', `${name} begins like gzip, but is damaged: ${detail}`, { cause });
  });
  // Awaited below; a failure in between is not one that nobody handles.
  done.catch(() => undefined);
  try {
    for await (const chunk of chunks) {
      if (!gunzip.write(chunk)) {
        await Promise.race([once(gunzip, 'drain'), done]);
      }
      yield chunk;
    }
    gunzip.end();
    await done;
    onEnd(`sha256:${hash.digest('hex')}`);
  } finally {
    gunzip.destroy();
  }
}

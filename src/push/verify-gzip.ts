import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createGunzip } from 'node:zlib';
import { EcrpError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { refuseTrailingBytes } from './layer-end.ts';

/**
 * Passes gzip bytes through and gives `onEnd` the digest of what they unpack to.
 * Throws INVALID_INPUT naming `name` when they do not unpack, and for what follows the last member: Go's reader takes it for
 * a damaged member, even NULs, which Node's leaves aside.
 */
export async function* verifyGzip(
  chunks: AsyncIterable<Buffer>,
  name: string,
  onEnd: (digest: Digest) => void,
): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  const hash = createHash('sha256');
  gunzip.on('data', (chunk: Buffer) => hash.update(chunk));
  let isEnded = false;
  const ended = once(gunzip, 'end').then(
    () => {
      isEnded = true;
    },
    (cause: unknown) => {
      const detail = cause instanceof Error ? cause.message : String(cause);
      throw new EcrpError('INVALID_INPUT', `${name} begins like gzip, but is damaged: ${detail}`, {
        hint: 'The archive is damaged or was changed; save the image again.',
        cause,
      });
    },
  );
  // Awaited below; a failure in between is not one that nobody handles.
  ended.catch(() => undefined);
  let fed = 0;
  try {
    for await (const chunk of chunks) {
      // It ends by itself only when something is left over.
      if (isEnded) throw refuseTrailingBytes(name, 'gzip');
      fed += chunk.length;
      if (!gunzip.write(chunk)) {
        await Promise.race([once(gunzip, 'drain'), ended]);
      }
      yield chunk;
    }
    gunzip.end();
    await ended;
    if (gunzip.bytesWritten !== fed) throw refuseTrailingBytes(name, 'gzip');
    onEnd(`sha256:${hash.digest('hex')}`);
  } finally {
    gunzip.destroy();
  }
}

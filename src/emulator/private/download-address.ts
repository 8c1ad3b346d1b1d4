import { createHmac, timingSafeEqual } from 'node:crypto';
import { type EmulatorContext, findRepository } from '../operations/context.ts';
import type { EmulatedService } from '../service.ts';
import { ServiceError } from '../service-error.ts';
import { type BlobDigest, isBlobDigest } from '../storage/model.ts';
import { PRIVATE_CHOICES } from './choices.ts';
import type { PrivateHandler } from './handler.ts';

/** A layer that an address gives access to. */
export interface DownloadableLayer {
  readonly registryId: string;
  readonly repositoryName: string;
  readonly digest: BlobDigest;
}

/** Answers only for layers that an image refers to. Source: service model. */
export const getDownloadUrlForLayer: PrivateHandler<'GetDownloadUrlForLayer'> = (context, input) => {
  const repository = findRepository(context, input);
  const { registryId } = context.registry;
  const { layerDigest } = input;
  if (!isBlobDigest(layerDigest) || !repository.layers.has(layerDigest)) {
    throw new ServiceError(
      'LayersNotFoundException',
      `The layer with digest '${layerDigest}' does not exist within the repository with name '${repository.name}' in the registry with id '${registryId}'`,
    );
  }
  if (!repository.isUsed(layerDigest)) {
    const text = PRIVATE_CHOICES.layerNotReferencedText.value(layerDigest, repository.name, registryId);
    throw new ServiceError('LayerInaccessibleException', text);
  }
  const layer = { registryId, repositoryName: repository.name, digest: layerDigest };
  return { downloadUrl: makeDownloadAddress(context, layer), layerDigest };
};

/**
 * Makes an address that gives access to a layer for an hour, in the form of a presigned address of S3. Its host is another one than that of the request.
 * Behind a front it is the same, because the front forwards no other port.
 */
export function makeDownloadAddress(context: EmulatorContext, layer: DownloadableLayer): string {
  const { registryId, repositoryName, digest } = layer;
  const registryName = cutPort(context.registryHost);
  const isBehindFront = context.scheme === 'https';
  const host = isBehindFront
    ? context.registryHost
    : `${nameBucketHost(registryName)}:${context.downloadPort}`;
  const claim = [repositoryName, digest, registryName].join(' ');
  const path = `/${registryId}/${Buffer.from(claim).toString('base64url')}`;
  const date = new Date(context.now()).toISOString().replace(/[-:]|\.\d+/g, '');
  const terms: SignedTerms = {
    host,
    path,
    date,
    expires: String(PRIVATE_CHOICES.downloadValidSeconds.value),
  };
  const scope = `${date.slice(0, 8)}/${context.service.region}/s3/aws4_request`;
  const query = new URLSearchParams({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Date': date,
    'X-Amz-SignedHeaders': 'host',
    'X-Amz-Expires': terms.expires,
    'X-Amz-Credential': `AKIAEMULATEDBUCKET00/${scope}`,
    'X-Amz-Signature': signTerms(context, terms),
  });
  return `${context.scheme}://${host}${path}?${query}`;
}

/** True for the path of such an address. */
export function isDownloadPath(service: EmulatedService, path: string): boolean {
  return service.kind === 'private' && /^\/\d{12}\/[\w-]+$/.test(path);
}

function cutPort(host: string): string {
  return host.replace(/:\d+$/, '');
}

/**
 * Another name of this machine, if the client is on it. Clients pass credentials on to another port of the same host, as Go's `net/http` does, and the
 * service's bucket is on another host.
 */
function nameBucketHost(registryName: string): string {
  return /^(?:127(?:\.\d+){3}|\[::1\]|.+\.localhost)$/.test(registryName) ? 'localhost' : registryName;
}

/** A layer, and whether its address has the host of the registry, so that clients could not know better than to send credentials. */
export interface RequestedLayer extends DownloadableLayer {
  readonly isAtRegistry: boolean;
}

/** Reads an address that `makeDownloadAddress` made. `host` is the Host header of the request. */
export function readDownloadAddress(
  context: EmulatorContext,
  host: string,
  target: string,
): RequestedLayer | 'unsigned' | 'expired' | 'forged' {
  const [path = '', rest = ''] = target.split('?', 2);
  const query = new URLSearchParams(rest);
  const signature = query.get('X-Amz-Signature');
  if (signature === null) return 'unsigned';
  const [date, expires] = [query.get('X-Amz-Date') ?? '', query.get('X-Amz-Expires') ?? ''];
  const expected = Buffer.from(signTerms(context, { host, path, date, expires }));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'forged';
  const start = Date.parse(date.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
  if (context.now() >= start + Number(expires) * 1000) return 'expired';
  const [, registryId = '', encoded = ''] = path.split('/');
  const [repositoryName = '', digest, registryName] = Buffer.from(encoded, 'base64url').toString().split(' ');
  if (!isBlobDigest(digest)) return 'forged';
  return { registryId, repositoryName, digest, isAtRegistry: registryName === cutPort(host) };
}

/** What the signature of an address covers. */
interface SignedTerms {
  readonly host: string;
  readonly path: string;
  /** `YYYYMMDDTHHMMSSZ` */
  readonly date: string;
  /** In seconds from `date`. */
  readonly expires: string;
}

function signTerms({ tokens }: EmulatorContext, { host, path, date, expires }: SignedTerms): string {
  return createHmac('sha256', tokens.tokenKey)
    .update(['download', host, path, date, expires].join('\n'))
    .digest('hex');
}

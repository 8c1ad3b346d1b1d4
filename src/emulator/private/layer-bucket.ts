import type { ApiContext } from '../api/handle-api-request.ts';
import type { Exchange } from '../exchange.ts';
import { sendLayer } from '../registry/send-layer.ts';
import { findRegistryById } from '../served-registry.ts';
import { readDownloadAddress } from './download-address.ts';

const SECOND_CREDENTIALS =
  'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified';

/** Why S3 refuses an address. */
const REFUSALS = {
  unsigned: 'Access Denied',
  expired: 'Request has expired',
  forged:
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
} as const;

/**
 * Answers GET of a layer at a signed address, or of a range of it, as S3 does for the service. An Authorization header beside the signature is refused.
 * Source: open-policy-agent/opa#6580.
 */
export async function serveLayerBucket(exchange: Exchange, context: ApiContext): Promise<void> {
  const { request, response } = exchange;
  const { method, headers, url = '' } = request;
  const layer = readDownloadAddress(context, headers.host ?? '', url);
  if (typeof layer === 'string') {
    const code = layer === 'forged' ? 'SignatureDoesNotMatch' : 'AccessDenied';
    return refuse(exchange, 403, code, REFUSALS[layer]);
  }
  if (headers.authorization !== undefined && !layer.isAtRegistry) {
    return refuse(exchange, 400, 'InvalidArgument', SECOND_CREDENTIALS);
  }
  // The method is part of what S3 signs.
  if (method !== 'GET') return refuse(exchange, 403, 'SignatureDoesNotMatch', REFUSALS.forged);
  const served = findRegistryById(context.registries, layer.registryId);
  const opened = await served?.store.openLayer(layer.repositoryName, layer.digest);
  if (opened === undefined) {
    return refuse(exchange, 404, 'NoSuchKey', 'The specified key does not exist.');
  }
  response.setHeader('x-amz-request-id', exchange.requestId);
  await sendLayer(request, response, opened);
  exchange.log(response.statusCode);
}

/** Sends an error document of S3. */
function refuse(exchange: Exchange, status: number, code: string, message: string): void {
  const document = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message><RequestId>${exchange.requestId}</RequestId></Error>`;
  const headers = { 'content-type': 'application/xml', 'x-amz-request-id': exchange.requestId };
  exchange.send(status, headers, exchange.request.method === 'HEAD' ? '' : document);
}

import { DEFAULT_REGION } from '../../wire/private/regions.ts';
import { PRIVATE_REQUESTS_PER_SECOND } from '../../wire/private/service.ts';
import type { HttpServer } from '../http-server.ts';
import { Quotas } from '../quotas.ts';
import { PRIVATE_REGISTRY_RULES, type RegistryMode } from '../registry/rules.ts';
import type { ServedRegistry } from '../served-registry.ts';
import type { StartServer } from '../start-server.ts';
import type { TokenContext } from '../tokens.ts';
import { PRIVATE_HANDLERS } from './handlers.ts';
import { serveLayerBucket } from './layer-bucket.ts';
import { PRIVATE_FRONT } from './registry-front.ts';
import { isRegion, makePrivateService } from './service.ts';

export interface PrivateOptions {
  /** Default: 0, a free one. */
  readonly port?: number | undefined;
  /** The port where layers are downloaded, as from S3. Default: 0, a free one. */
  readonly downloadPort?: number | undefined;
  /** Default: us-east-1. */
  readonly region?: string | undefined;
}

interface PrivateParts {
  readonly registries: readonly ServedRegistry[];
  readonly tokens: TokenContext;
  readonly limitsRates: boolean;
  readonly registryMode: RegistryMode;
}

/** Starts the server of private ECR, and the one for its layers. Throws an `Error` for a malformed region. */
export async function startPrivate(
  start: StartServer,
  { port = 0, downloadPort = 0, region = DEFAULT_REGION }: PrivateOptions,
  { registries, tokens, limitsRates, registryMode }: PrivateParts,
): Promise<HttpServer> {
  if (!isRegion(region)) throw new Error(`region must have the form of eu-west-1, not '${region}'`);
  const parts = {
    service: makePrivateService(region),
    handlers: PRIVATE_HANDLERS,
    front: PRIVATE_FRONT,
    registryRules: PRIVATE_REGISTRY_RULES[registryMode],
    registries,
    tokens,
    quotas: new Quotas(limitsRates ? PRIVATE_REQUESTS_PER_SECOND : {}, Date.now),
  };
  const bucket = await start(downloadPort, parts, serveLayerBucket);
  return await start(port, { ...parts, downloadPort: bucket.port });
}

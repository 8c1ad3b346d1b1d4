import type { ApiContext } from './api/handle-api-request.ts';
import type { HttpServer } from './http-server.ts';
import type { Answer } from './route-request.ts';

/** What each service and server has of its own. */
type OwnParts =
  | 'service'
  | 'handlers'
  | 'registries'
  | 'tokens'
  | 'quotas'
  | 'downloadPort'
  | 'front'
  | 'registryRules';

/** What all servers of an emulator share. */
export type SharedContext = Omit<ApiContext, OwnParts | 'registryHost' | 'scheme'>;

/** Starts one server of an emulator. Port 0 means a free one. `answer` replaces JSON API and registry. */
export type StartServer = (
  port: number,
  parts: Pick<ApiContext, OwnParts>,
  answer?: Answer,
) => Promise<HttpServer>;

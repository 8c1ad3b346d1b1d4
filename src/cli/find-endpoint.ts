import { type Endpoint, resolveEndpoint } from '../ecr/endpoint.ts';
import type { CommandContext } from './command-context.ts';

/** Where the command's options, the environment and the profile say that the API is. */
export function findEndpoint({ io, options }: CommandContext): Promise<Endpoint> {
  const { endpointUrl, region, profile } = options;
  return resolveEndpoint({ endpointUrl, region, profile, env: io.env });
}

import { findPrimaryAlias } from '../registry-identity.ts';
import type { Handler } from './context.ts';
import { paginate } from './paginate.ts';

/** The caller's own registry alone: there is no second page. */
export const describeRegistries: Handler<'DescribeRegistries'> = (context, input) => {
  const { registryId, aliases } = context.registry;
  // For what it says of a token that is none.
  paginate([registryId], input, 'registries');
  return {
    registries: [
      {
        registryId,
        registryArn: `arn:aws:ecr-public::${registryId}:registry/${registryId}`,
        registryUri: `${context.registryHost}/${findPrimaryAlias(context.registry)}`,
        verified: false,
        aliases,
      },
    ],
  };
};

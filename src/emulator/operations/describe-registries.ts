import type { Handler } from './context.ts';
import { paginate } from './paginate.ts';

/** Always one registry with one alias: there is no second page. */
export const describeRegistries: Handler<'DescribeRegistries'> = (context, input) => {
  const { registryId, registryAlias } = context.identity;
  // For what it says of a token that is none.
  paginate([registryId], input, 'registries');
  return {
    registries: [
      {
        registryId,
        registryArn: `arn:aws:ecr-public::${registryId}:registry/${registryId}`,
        registryUri: `${context.registryHost}/${registryAlias}`,
        verified: false,
        aliases: [
          { name: registryAlias, status: 'ACTIVE', primaryRegistryAlias: true, defaultRegistryAlias: true },
        ],
      },
    ],
  };
};

import type { Handler } from './context.ts';

/** Always one registry with one alias: there is no second page. */
export const describeRegistries: Handler<'DescribeRegistries'> = (context) => {
  const { registryId, registryAlias } = context.identity;
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

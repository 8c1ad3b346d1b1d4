/** What the ARN of a repository names, with or without a region; undefined for anything else. */
export function readRepositoryArn(
  arn: string,
): { readonly registryId: string; readonly repositoryName: string } | undefined {
  const [, registryId, repositoryName] =
    /^arn:aws:ecr-public:[a-z0-9-]*:([0-9]{12}):repository\/(.+)$/.exec(arn) ?? [];
  return registryId === undefined || repositoryName === undefined
    ? undefined
    : { registryId, repositoryName };
}

/** Without a region, as recorded; see `CHOICES.repositoryArn`. */
export function formatRepositoryArn(registryId: string, repositoryName: string): string {
  return `arn:aws:ecr-public::${registryId}:repository/${repositoryName}`;
}

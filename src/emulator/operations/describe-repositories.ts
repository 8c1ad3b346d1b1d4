import type { Handler } from './context.ts';
import { describeRepository } from './describe-repository.ts';
import { findRepository } from './find-repository.ts';
import { forbidPaging, paginate } from './paginate.ts';

/** In the order of their creation. One unknown name fails the call. */
export const describeRepositories: Handler<'DescribeRepositories'> = (context, input) => {
  const describeNamed = (names: readonly string[]) =>
    names.map((repositoryName) => describeRepository(context, findRepository(context, { repositoryName })));
  if (input.repositoryNames !== undefined) {
    forbidPaging(input);
    return { repositories: describeNamed(input.repositoryNames) };
  }
  const { page, nextToken } = paginate(context.store.repositories.keys(), input, 'repositories');
  return { repositories: describeNamed(page), nextToken };
};

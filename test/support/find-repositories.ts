import { expect } from 'vitest';
import { runCli } from './cli.ts';

/** Lists the names of the repositories in the registry of an environment's account. */
export async function findRepositories(env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const { stdout, status } = await runCli(['repo', 'list', '--json'], { env });
  expect(status).toBe(0);
  const { repositories } = JSON.parse(stdout);
  return repositories.map(({ repositoryName }: { repositoryName: string }) => repositoryName).sort();
}

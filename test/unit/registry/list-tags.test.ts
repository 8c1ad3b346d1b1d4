import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { RetryBudget } from '../../../src/net/retry-budget.ts';
import { listTagPages } from '../../../src/registry/list-tags.ts';
import { catchError } from '../../support/catch-error.ts';
import { directConnections } from '../../support/connections.ts';
import { REPOSITORY, startFakeRegistry } from './fake-registry.ts';

const registry = await startFakeRegistry();
afterAll(() => registry.close());
const LIST = '/v2/a1b2c3d4/team/app/tags/list';

interface Answer {
  readonly body: string;
  readonly link?: string;
}

/** Answers requests for the list by their query. */
function serve(answers: Readonly<Record<string, Answer>>): void {
  registry.intercept = ({ url = '', headers }, response) => {
    const { pathname, search } = new URL(url, `http://${registry.host}`);
    const answer = answers[search];
    if (pathname !== LIST || headers.authorization === undefined || answer === undefined) return false;
    response.writeHead(200, answer.link === undefined ? {} : { link: answer.link }).end(answer.body);
    return true;
  };
}

async function list(): Promise<readonly (readonly string[])[]> {
  const repository = { ...REPOSITORY, registryHost: registry.host };
  const { signal } = new AbortController();
  const options = { waitsMs: [], budget: new RetryBudget(), signal };
  const pages: (readonly string[])[] = [];
  for await (const page of listTagPages(directConnections, repository, options)) pages.push(page);
  return pages;
}

beforeEach(() => {
  registry.seen.length = 0;
});

test('pages follow the links, with one token', async () => {
  serve({
    '?n=1000': { body: '{"tags":["a","b"]}', link: `<${LIST}?n=1000&last=b>; rel="next"` },
    '?n=1000&last=b': {
      body: '{"tags":["c"]}',
      link: `<http://${registry.host}${LIST}?n=1000&last=c>; rel=next`,
    },
    '?n=1000&last=c': { body: '{"name":"team/app","tags":null}' },
  });
  expect(await list()).toEqual([['a', 'b'], ['c'], []]);
  expect(registry.seen.filter((line) => line.includes('/token/'))).toHaveLength(1);
});

describe('a list is refused that', () => {
  test.each([
    ['leads to another host', { link: '<http://127.0.0.1:1/v2/a1b2c3d4/team/app/tags/list>; rel="next"' }],
    ['leads to another repository', { link: '</v2/a1b2c3d4/other/tags/list?n=1000>; rel="next"' }],
    ['leads to no URL', { link: '<http://[>; rel="next"' }],
    ['leads back to itself', { link: '<?n=1000>; rel="next"' }],
    ['is no JSON', { body: '<html>' }],
    ['has no list of tags', { body: '{"tags":{"a":1}}' }],
    ['has a tag that is no text', { body: '{"tags":["a",1]}' }],
  ])('%s', async (_what, answer) => {
    serve({ '?n=1000': { body: '{"tags":["a"]}', ...answer } });
    expect(await catchError(list)).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('the '),
      hint: expect.stringContaining('--registry-host'),
    });
    expect(registry.seen.filter((line) => line.includes('/tags/list') && !line.endsWith(' -'))).toHaveLength(
      1,
    );
  });
});

test('a repository that does not exist is NOT_FOUND', async () => {
  serve({});
  expect(await catchError(list)).toMatchObject({ code: 'NOT_FOUND' });
});

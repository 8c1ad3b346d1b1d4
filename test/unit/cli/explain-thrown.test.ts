import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { CommanderError } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { toEcrpError } from '../../../src/cli/explain-thrown.ts';
import { EcrpError } from '../../../src/errors.ts';

const { signal } = new AbortController();
const directory = mkdtempSync(join(tmpdir(), 'ecrp-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const file = join(directory, 'file');
writeFileSync(file, 'no gzip');
symlinkSync('loop', join(directory, 'loop'));

/** What something really throws or rejects with. */
async function catchThrown(run: () => unknown): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

const failWith = (members: object, error: Error = new Error('failed')) => Object.assign(error, members);

describe('a failure that really happens', () => {
  it.each([
    ['a directory instead of a file', () => readFileSync(directory), 'INVALID_INPUT', /it is a directory/],
    ['a missing file', () => readFileSync(join(directory, 'no')), 'INVALID_INPUT', /no: no such file/],
    ['a file on the way', () => readFileSync(join(file, 'x')), 'INVALID_INPUT', /not a directory/],
    [
      'links in a circle',
      () => readFileSync(join(directory, 'loop')),
      'INVALID_INPUT',
      /loop: .*symbolic link/,
    ],
    ['a name that is too long', () => readFileSync('x'.repeat(5_000)), 'INVALID_INPUT', /name is too long/],
    [
      'a file that is removed as a directory',
      () => rmdirSync(file),
      'INVALID_INPUT',
      /file: .*not a directory/,
    ],
    ['a file that is no link', () => readlinkSync(file), 'INVALID_INPUT', /file: /],
    ['a null byte in a path', () => readFileSync('a\0b'), 'INVALID_INPUT', /null byte/],
    [
      'a missing program',
      () => once(spawn('no-such-program'), 'exit'),
      'INVALID_INPUT',
      /cannot run no-such-program: no such/,
    ],
    [
      'a program that is none',
      () => once(spawn(file), 'exit'),
      'INVALID_INPUT',
      /cannot run .*permission denied/,
    ],
    ['damaged gzip', () => gunzipSync('no gzip'), 'INVALID_INPUT', /compressed data is damaged/],
    ['a malformed address', () => new URL('http://a b'), 'INVALID_INPUT', /address is malformed/],
    ['a path that no request has', () => request({ path: '/a b' }), 'INVALID_INPUT', /address is malformed/],
    [
      'a header with a line end',
      () => request({ headers: { a: 'b\nc' } }),
      'INVALID_INPUT',
      /cannot be sent in a request/,
    ],
    ['no JSON', () => JSON.parse('{'), 'INVALID_INPUT', /malformed/],
    ['a malformed escape', () => decodeURIComponent('%'), 'INVALID_INPUT', /malformed/],
    ['a string that is too long', () => 'x'.repeat(2 ** 30), 'INVALID_INPUT', /not enough memory/],
    ['a list that is too long', () => new Array(-1), 'INVALID_INPUT', /not enough memory/],
    ['memory that is not there', () => new ArrayBuffer(2 ** 53 - 1), 'INVALID_INPUT', /not enough memory/],
    [
      'a port where nobody listens',
      () => once(connect(1, '127.0.0.1'), 'connect'),
      'UNAVAILABLE',
      /ECONNREFUSED/,
    ],
    ['a fetch that fails', () => fetch('http://127.0.0.1:2/'), 'UNAVAILABLE', /connection failed/],
    [
      'a time that is over',
      () => fetch('http://127.0.0.1:1/', { signal: AbortSignal.abort() }),
      'UNAVAILABLE',
      /no answer in time/,
    ],
  ] as const)('%s', async (_, run, code, message) => {
    const error = toEcrpError(await catchThrown(run), signal);
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ code, hint: expect.any(String) });
  });
});

describe('a failure by its code', () => {
  const files = [
    'EACCES',
    'EPERM',
    'EROFS',
    'EBUSY',
    'EIO',
    'ENOSPC',
    'EDQUOT',
    'EFBIG',
    'ENOTEMPTY',
    'EEXIST',
    'EMFILE',
    'ENFILE',
  ];
  it.each(files)('%s is about the file', (code) => {
    for (const path of ['/tmp/x', undefined]) {
      const error = toEcrpError(failWith({ code, syscall: 'write', path }), signal);
      expect(error).toMatchObject({ code: 'INVALID_INPUT', hint: expect.any(String) });
      expect(error.message).toContain(path ?? 'write failed');
    }
  });

  const network = [
    ...[
      'ECONNREFUSED',
      'ECONNRESET',
      'EPIPE',
      'ETIMEDOUT',
      'EHOSTUNREACH',
      'ENETUNREACH',
      'EADDRNOTAVAIL',
      'EPROTO',
    ],
    ...['ENOTFOUND', 'EAI_AGAIN', 'HPE_INVALID_CONSTANT', 'UND_ERR_SOCKET', 'ERR_SSL_WRONG_VERSION_NUMBER'],
    ...['ERR_TLS_CERT_ALTNAME_INVALID', 'CERT_HAS_EXPIRED', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'ERR_STREAM_PREMATURE_CLOSE'],
  ];
  it.each(network)('%s is about the network', (code) => {
    expect(toEcrpError(failWith({ code }), signal)).toMatchObject({ code: 'UNAVAILABLE' });
    const several = new AggregateError([failWith({ code })]);
    expect(toEcrpError(several, signal)).toMatchObject({ code: 'UNAVAILABLE' });
    const below = new TypeError('fetch failed', { cause: failWith({ code }) });
    expect(toEcrpError(below, signal)).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it.each([
    ['INVALID_INPUT', failWith({ code: 'ENOENT', syscall: 'uv_cwd' })],
    [
      'INVALID_INPUT',
      failWith({ code: 'ERR_SYSTEM_ERROR', info: { code: 'ENOENT', syscall: 'uv_os_get_passwd' } }),
    ],
    ['INVALID_INPUT', failWith({ code: 'EAGAIN', syscall: 'spawn sh', path: 'sh' })],
    ['INVALID_INPUT', failWith({ code: 'E2BIG', syscall: 'spawn' })],
    ['INVALID_INPUT', failWith({ code: 'ENOMEM', syscall: 'read' })],
    ['INVALID_INPUT', failWith({ code: 'ERR_WORKER_OUT_OF_MEMORY' })],
    ['INVALID_INPUT', failWith({ code: 'ZSTD_error_checksum_wrong' })],
    ['CONFLICT', failWith({ code: 'ELOCKED' })],
    ['USAGE', new CommanderError(1, 'commander.invalidArgument', 'error: no')],
    ['AUTH', failWith({ name: 'CredentialsProviderError' })],
  ])('is %s: %s', (code, thrown) => {
    expect(toEcrpError(thrown, signal)).toMatchObject({ code, hint: expect.any(String) });
  });

  it('is found in what another room took for a bug, and keeps its operation', () => {
    const cause = failWith(
      { code: 'ERR_INVALID_CHAR' },
      new TypeError('Invalid character in header content'),
    );
    const bug = new EcrpError('INTERNAL', 'PutImage: TypeError', { operation: 'PutImage', cause });
    expect(toEcrpError(bug, signal)).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/^PutImage: a value cannot be sent/),
      operation: 'PutImage',
    });
  });
});

it.each([
  new TypeError('x is not a function'),
  new RangeError('Maximum call stack size exceeded'),
  'text',
  undefined,
])('a bug stays a bug: %s', (thrown) => {
  expect(toEcrpError(thrown, signal)).toMatchObject({ code: 'INTERNAL' });
});

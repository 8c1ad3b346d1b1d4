import { describe, expect, it } from 'vitest';
import { formatEngineAddress, parseEngineAddress } from '../../../../src/docker/engine/address.ts';
import { catchError } from '../../../support/catch-error.ts';

const tls = { ca: undefined, cert: undefined, key: undefined, verify: true };

describe('parseEngineAddress', () => {
  it.each([
    ['unix:///run/d.sock', 'unix:///run/d.sock'],
    ['unix://', 'unix:///var/run/docker.sock'],
    ['/run/d.sock', 'unix:///run/d.sock'],
    ['./d.sock', 'unix://./d.sock'],
    ['tcp://build.example', 'tcp://build.example:2375'],
    ['tcp://build.example:80/engine/', 'tcp://build.example:80/engine'],
    ['tcp://[::1]:2375', 'tcp://[::1]:2375'],
    ['tcp://', 'tcp://localhost:2375'],
    ['build.example:1', 'tcp://build.example:1'],
    [' tcp://build.example ', 'tcp://build.example:2375'],
    ['http://build.example:7', 'tcp://build.example:7'],
    ['ssh://build.example', 'ssh://build.example'],
    ['ssh://me@build.example:22/run/d.sock', 'ssh://me@build.example:22/run/d.sock'],
    ['ssh://me@[fe80::1]/', 'ssh://me@[fe80::1]'],
    ['npipe:////./pipe/docker_engine', 'unix://\\\\.\\pipe\\docker_engine'],
  ])('%s', (text, address) => {
    expect(formatEngineAddress(parseEngineAddress(text, 'DOCKER_HOST', undefined))).toBe(address);
  });

  it('takes the port of TLS where the connection has it', () => {
    expect(parseEngineAddress('tcp://build.example', 'DOCKER_HOST', tls)).toMatchObject({ port: 2376, tls });
  });

  it('reads escapes in the user and the socket of ssh', () => {
    expect(parseEngineAddress('ssh://a%40b@host/run/d%20.sock', 'DOCKER_HOST', undefined)).toMatchObject({
      user: 'a@b',
      socketPath: '/run/d .sock',
    });
  });

  it.each([
    ['fd://', 'fd is not supported'],
    ['https://build.example', 'https is not supported'],
    ['unix://unix:///run/d.sock', 'not the path of a socket'],
    ['unix:///run/\0', 'not the path of a socket'],
    ['tcp://me@build.example', 'contains a user'],
    ['tcp://build example', 'host is missing or malformed'],
    ['tcp://build.example:99999', 'host is missing or malformed'],
    ['ssh://', 'host is missing or malformed'],
    ['ssh://%zz@host', 'host is missing or malformed'],
    ['ssh://me:secret@host', 'contains a password'],
    ['ssh://host?x', 'ends in a query'],
  ])('refuses %j', async (text, problem) => {
    const error = await catchError(() => parseEngineAddress(text, 'DOCKER_HOST', undefined));
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(problem) });
    expect(error.message).toMatch(/^DOCKER_HOST: /);
    expect(error.message).not.toContain('secret');
  });
});

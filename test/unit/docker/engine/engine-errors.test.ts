import { describe, expect, it } from 'vitest';
import { makeTimeoutError } from '../../../../src/async/abort.ts';
import { parseEngineAddress } from '../../../../src/docker/engine/address.ts';
import { connectToEngine } from '../../../../src/docker/engine/connection.ts';
import { refuseEngine, refuseEngines } from '../../../../src/docker/engine/engine-errors.ts';

function connect(host: string) {
  return connectToEngine(parseEngineAddress(host, 'DOCKER_HOST', undefined), {});
}

function fail(code: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code });
}

describe('refuseEngine', () => {
  it.each([
    ['unix:///var/run/docker.sock', fail('EACCES'), 'permission denied', 'usermod -aG docker'],
    ['unix:///run/user/1/podman/podman.sock', fail('EACCES'), 'permission denied', 'systemctl --user'],
    ['unix:///run/d.sock', fail('EPERM'), 'permission denied', 'usermod -aG docker'],
    ['tcp://host', fail('ENOTFOUND'), 'the host is unknown', 'Check DOCKER_HOST'],
    ['tcp://host', fail('DEPTH_ZERO_SELF_SIGNED_CERT'), 'TLS failed', 'ca.pem'],
    ['tcp://host', fail('ECONNRESET'), 'without an answer', 'DOCKER_TLS_VERIFY=1'],
    ['tcp://host', makeTimeoutError('no answer within 10 s'), 'no answer within 10 s', 'docker version'],
    ['unix:///run/d.sock', fail('EXDEV'), 'connect EXDEV', 'docker version'],
  ])('%s: %s', (host, error, problem, hint) => {
    expect(refuseEngine(connect(host), 'DOCKER_HOST', error)).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(
        new RegExp(`^the engine at \\S+ \\(DOCKER_HOST\\) cannot be used: .*${problem}`),
      ),
      hint: expect.stringContaining(hint),
    });
  });
});

describe('refuseEngines', () => {
  it('lists every socket that was tried', () => {
    const error = refuseEngines(['unix:///a: there is no such socket', 'unix:///b: nothing listens']);
    expect(error).toMatchObject({ code: 'INVALID_INPUT', hint: expect.stringContaining('DOCKER_HOST') });
    expect(error.message).toBe(
      'no engine runs here: neither docker nor podman answers\n  - unix:///a: there is no such socket\n  - unix:///b: nothing listens',
    );
  });
});

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callAws } from './support/aws.ts';
import { describeWithClients, requireClient } from './support/clients.ts';
import { breakLogin, spoilPassword } from './support/login-file.ts';
import { runPodman, tryPodman } from './support/podman.ts';
import type { Ended } from './support/process.ts';
import { Sandbox } from './support/sandbox.ts';

const archive = join(import.meta.dirname, '../../fixtures/archives/skopeo-oci.tar');

describeWithClients('logins', ['skopeo', 'podman', 'aws'], () => {
  let sandbox: Sandbox;
  let image: string;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    await sandbox.push(archive, 'logins/app:1');
    image = sandbox.locate('logins/app:1');
  });
  afterAll(() => sandbox.close());

  /** Logs in with skopeo or podman. The login goes into its own file. */
  function logIn(client: 'skopeo' | 'podman', password: string): Promise<Ended> {
    const file = join(sandbox.makeDirectory('login'), 'auth.json');
    const options = [
      'login',
      '--authfile',
      file,
      '--tls-verify=false',
      '--username',
      'AWS',
      '--password-stdin',
    ];
    return sandbox.tryRun(requireClient(client), [...options, sandbox.emulator.registryHost], {
      input: password,
    });
  }

  test.each(['skopeo', 'podman'] as const)(
    '%s login takes the passwords of aws and ecrp, and no other',
    async (client) => {
      const theirs = (await callAws(sandbox, 'get-login-password')).stdout;
      const ours = (await sandbox.ecrp('token', '--password')).stdout;
      expect(await logIn(client, theirs)).toMatchObject({ status: 0 });
      expect(await logIn(client, ours)).toMatchObject({ status: 0 });
      expect((await logIn(client, spoilPassword(ours))).status).not.toBe(0);
    },
  );

  test('ecrp token and its password have the form of those of aws', async () => {
    const { stdout } = await callAws(sandbox, 'get-authorization-token');
    // The service model has this member. Without it, the comparison fails.
    const { authorizationData } = JSON.parse(stdout) as { authorizationData: { authorizationToken: string } };
    const decode = (token: string) => Buffer.from(token.trim(), 'base64').toString().split(':');
    const theirs = decode(authorizationData.authorizationToken);
    const ours = decode((await sandbox.ecrp('token')).stdout);
    expect(ours[0]).toBe('AWS');
    expect(ours).toHaveLength(theirs.length);
    const passwords = [
      (await callAws(sandbox, 'get-login-password')).stdout,
      (await sandbox.ecrp('token', '--password')).stdout,
      (await sandbox.ecrp('login', '--password-stdout')).stdout,
    ];
    // Each is one line. All passwords of the service have the same length.
    for (const password of passwords) expect(password).toMatch(/^\S+\n$/);
    expect(new Set(passwords.map((password) => password.length)).size).toBe(1);
  });

  test('skopeo and podman pull with the login that ecrp login wrote', async () => {
    const config = join(sandbox.makeDirectory('config'), 'docker');
    mkdirSync(config);
    const file = join(config, 'config.json');
    const { registryHost } = sandbox.emulator;
    const skopeo = requireClient('skopeo');
    const env = { DOCKER_CONFIG: config };
    expect(await sandbox.tryEcrp(['login'], { env })).toMatchObject({ status: 0 });

    expect((await sandbox.run(skopeo, 'login', '--get-login', '--authfile', file, registryHost)).stdout).toBe(
      'AWS\n',
    );
    const inspect = ['inspect', '--authfile', file, '--tls-verify=false', `docker://${image}`];
    const pull = ['pull', '--quiet', '--authfile', file, '--tls-verify=false', image];
    expect(await sandbox.tryRun(skopeo, inspect)).toMatchObject({ status: 0 });
    await runPodman(sandbox, ...pull);
    // Both would pull without credentials too. Wrong ones show that they send them.
    breakLogin(file, registryHost);
    expect((await sandbox.tryRun(skopeo, inspect)).status).not.toBe(0);
    expect((await tryPodman(sandbox, ...pull)).status).not.toBe(0);

    expect(await sandbox.tryEcrp(['logout'], { env })).toMatchObject({ status: 0 });
    const login = await sandbox.tryRun(skopeo, ['login', '--get-login', '--authfile', file, registryHost]);
    expect(login.status).not.toBe(0);
    expect(await sandbox.tryRun(skopeo, inspect)).toMatchObject({ status: 0 });
  });
});

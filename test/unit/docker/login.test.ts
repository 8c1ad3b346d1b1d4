import { spawnSync } from 'node:child_process';
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { registerCredentialHelper, removeLogin, storeLogin } from '../../../src/docker/login.ts';
import { EcrpError } from '../../../src/errors.ts';
import { usePlace } from './place.ts';

const place = usePlace();
const login = { username: 'AWS', secret: 'eyJwYXlsb2Fk:with-colon' };
const auth = Buffer.from('AWS:eyJwYXlsb2Fk:with-colon').toString('base64');

const readText = () => readFile(place().configFile, 'utf8');
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

async function catchError(work: Promise<unknown>): Promise<EcrpError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof EcrpError) return error;
  throw new Error(`expected an EcrpError, got ${String(error)}`);
}

describe('storeLogin in the file', () => {
  it('makes a private directory and file with the layout of docker', async () => {
    const stored = await storeLogin({ ...place(), ...login });
    expect(stored).toEqual({ configFile: place().configFile, storedIn: 'file' });
    expect(await readText()).toBe(
      `{\n\t"auths": {\n\t\t"public.ecr.aws": {\n\t\t\t"auth": "${auth}"\n\t\t}\n\t}\n}`,
    );
    expect(await modeOf(place().configFile)).toBe(0o600);
    expect(await modeOf(place().configDirectory)).toBe(0o700);
    expect(await readdir(place().configDirectory)).toEqual(['config.json']);
  });

  it('keeps every other byte and the mode, and removeLogin restores the file', async () => {
    const text =
      '{\n    "psFormat": "x\\u0020y",\n    "auths": {\n        "b.example": {"auth": "Yjpi"},\n        "a.example": {}\n    },\n    "aNumber": 1.50,\n    "zzz": {"unknown": [1, 2]}\n}\n';
    await place().writeConfig(text);
    await chmod(place().configFile, 0o640);
    await storeLogin({ ...place(), ...login });
    expect(JSON.parse(await readText()).auths['public.ecr.aws']).toEqual({ auth });
    expect(await modeOf(place().configFile)).toBe(0o640);

    expect(await removeLogin(place())).toEqual({
      configFile: place().configFile,
      removed: ['public.ecr.aws'],
    });
    expect(await readText()).toBe(text);
    expect(await removeLogin(place())).toEqual({ configFile: place().configFile, removed: [] });
  });

  it.each(['', '\n', '{}'])('treats a file with %j as empty', async (text) => {
    await place().writeConfig(text);
    await storeLogin({ ...place(), ...login });
    expect(JSON.parse(await readText())).toEqual({ auths: { 'public.ecr.aws': { auth } } });
  });

  it('writes through symbolic links, even to a missing file', async () => {
    await mkdir(place().configDirectory, { recursive: true });
    const target = join(place().root, 'dotfiles.json');
    await symlink('../../middle', place().configFile);
    await symlink(target, join(place().root, 'middle'));
    await storeLogin({ ...place(), ...login });
    await storeLogin({ ...place(), ...login, registryHost: 'b.example' });
    expect((await lstat(place().configFile)).isSymbolicLink()).toBe(true);
    expect((await lstat(target)).isFile()).toBe(true);
    expect(Object.keys(JSON.parse(await readText()).auths)).toEqual(['public.ecr.aws', 'b.example']);
    expect(await modeOf(target)).toBe(0o600);
  });

  it('keeps all of many concurrent logins', async () => {
    await place().writeConfig('{"credsStore": "", "auths": {"first.example": {}}}');
    const hosts = Array.from({ length: 20 }, (_, index) => `host-${index}.example`);
    await Promise.all(hosts.map((registryHost) => storeLogin({ ...place(), ...login, registryHost })));
    const { auths } = JSON.parse(await readText());
    expect(Object.keys(auths).sort()).toEqual(['first.example', ...hosts].sort());
    expect(await readdir(place().configDirectory)).toEqual(['config.json']);

    await Promise.all(hosts.map((registryHost) => removeLogin({ ...place(), registryHost })));
    expect(JSON.parse(await readText()).auths).toEqual({ 'first.example': {} });
  });

  it('takes over the lock of a killed run', async () => {
    await place().writeConfig('{}');
    const abandoned = `${place().configFile}.ecrp-lock`;
    await mkdir(abandoned);
    await utimes(abandoned, new Date(0), new Date(0));
    await storeLogin({ ...place(), ...login });
    expect(await readdir(place().configDirectory)).toEqual(['config.json']);
  });
});

describe('a config file that cannot be used', () => {
  it.each([
    ['{"auths": {"x": {"auth": "c2VjcmV0"}},}', /config\.json is not valid JSON/],
    ['{\n"auths": {\n"x" "c2VjcmV0"', /is not valid JSON \(line 3\)/],
    ['[]', /is not a JSON object/],
    ['null', /is not a JSON object/],
    ['{"auths": []}', /has a "auths" that is not an object/],
    ['{"credHelpers": {"a": 1}}', /names no credential helper for "a"/],
    ['{"credsStore": {}}', /"credsStore" that is not a string/],
  ])('%j is refused untouched', async (text, message) => {
    await place().writeConfig(text);
    for (const change of [
      () => storeLogin({ ...place(), ...login }),
      () => removeLogin(place()),
      () => registerCredentialHelper(place()),
    ]) {
      const error = await catchError(change());
      expect(error.code).toBe('INVALID_INPUT');
      expect(error.message).toMatch(message);
      expect(error.message).not.toContain('c2VjcmV0');
    }
    expect(await readText()).toBe(text);
    expect(await readdir(place().configDirectory)).toEqual(['config.json']);
  });

  it('a directory in its place is refused', async () => {
    await mkdir(place().configFile, { recursive: true });
    const error = await catchError(storeLogin({ ...place(), ...login }));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('is not a file') });
  });

  it('links in a circle are refused', async () => {
    await mkdir(place().configDirectory, { recursive: true });
    await symlink('config.json', place().configFile);
    const error = await catchError(storeLogin({ ...place(), ...login }));
    expect(error.message).toMatch(/cannot read docker's config .*ELOOP/);
  });

  it('a directory that cannot be made is named', async () => {
    await writeFile(join(place().root, 'home'), '');
    const error = await catchError(storeLogin({ ...place(), ...login }));
    expect(error).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining(place().configFile),
    });
  });

  it('removing a login from a missing config makes nothing', async () => {
    expect(await removeLogin(place())).toEqual({ configFile: place().configFile, removed: [] });
    await expect(lstat(place().configDirectory)).rejects.toThrow('ENOENT');
  });
});

describe('storeLogin with a credential helper', () => {
  const keep = 'cat > "$(dirname "$0")/$1-input"; echo "$@" > "$(dirname "$0")/arguments"';
  const readProgramFile = (name: string) => readFile(join(place().root, 'programs', name), 'utf8');

  it('passes the secret by standard input and adds an empty entry, as docker does', async () => {
    await place().addHelper('keep', keep);
    await place().writeConfig('{"credsStore":"missing","credHelpers":{"public.ecr.aws":"keep"}}');
    expect(await storeLogin({ ...place(), ...login })).toEqual({
      configFile: place().configFile,
      storedIn: 'store',
      store: 'keep',
    });
    expect(JSON.parse(await readProgramFile('store-input'))).toEqual({
      ServerURL: 'public.ecr.aws',
      Username: 'AWS',
      Secret: login.secret,
    });
    expect(await readProgramFile('arguments')).toBe('store\n');
    expect(await readText()).toBe(
      '{"credsStore":"missing","credHelpers":{"public.ecr.aws":"keep"},"auths":{"public.ecr.aws":{}}}',
    );
  });

  it.each([
    ['missing', /docker-credential-missing cannot be started.*ENOENT/],
    ['refuse', /docker-credential-refuse failed to store: the keychain is locked/],
    ['silent', /docker-credential-silent failed to store: exit status 3/],
    ['../evil', /docker-credential-\.\.\/evil is not the name of a program/],
  ])('changes nothing when the helper is %s', async (name, message) => {
    await place().addHelper('refuse', 'echo "the keychain is locked"; exit 1');
    await place().addHelper('silent', 'exit 3');
    const text = JSON.stringify({ credsStore: name, auths: {} });
    await place().writeConfig(text);
    const error = await catchError(storeLogin({ ...place(), ...login }));
    expect(error.code).toBe('AUTH');
    expect(error.message).toMatch(message);
    expect(`${error.message}${error.hint}`).not.toContain(login.secret);
    expect(await readText()).toBe(text);
  });

  it.each([
    ['wincred', 'store', 'exit 0', false],
    ['desktop', 'store', 'echo "The stub received bad data."; exit 1', true],
  ])('explains why Windows does not keep a long token: %s', async (name, verb, script, isAsked) => {
    await place().addHelper(name, `${keep}; ${script}`);
    await place().writeConfig(JSON.stringify({ credsStore: name }));
    const secret = 'x'.repeat(2561);
    const error = await catchError(storeLogin({ ...place(), ...login, secret }));
    expect(error).toMatchObject({
      code: 'AUTH',
      message: `docker's credential helper docker-credential-${name} cannot store the token: it has 2561 bytes, and Windows keeps at most 2560`,
      hint: expect.stringContaining('ecrp login --credential-helper'),
    });
    const asked = await readProgramFile(`${verb}-input`).catch(() => undefined);
    expect(asked !== undefined).toBe(isAsked);
  });

  it('gives wincred a token of just its length', async () => {
    await place().addHelper('wincred', keep);
    await place().writeConfig('{"credsStore":"wincred"}');
    const stored = await storeLogin({ ...place(), ...login, secret: 'x'.repeat(2560) });
    expect(stored).toMatchObject({ storedIn: 'store', store: 'wincred' });
  });

  it('erases a login of the helper', async () => {
    await place().addHelper(
      'keep',
      `${keep}; test "$1" = get && echo '{"Username":"AWS","Secret":"s"}' || exit 0`,
    );
    const text = '{"credsStore":"keep","auths":{"a.example":{},"public.ecr.aws":{}}}';
    await place().writeConfig(text);
    expect((await removeLogin(place())).removed).toEqual(['public.ecr.aws']);
    expect(await readProgramFile('erase-input')).toBe('public.ecr.aws');
    expect(await readText()).toBe('{"credsStore":"keep","auths":{"a.example":{}}}');
  });

  it('removes nothing if the helper has no login', async () => {
    await place().addHelper('empty', 'echo "credentials not found in native keychain"; exit 1');
    await place().writeConfig('{"credsStore":"empty"}');
    expect((await removeLogin(place())).removed).toEqual([]);
  });
});

describe('removeLogin', () => {
  const taken = ['', 'http://', 'https://'].flatMap((scheme) =>
    ['', '/v1/', '/v2/'].map((path) => `${scheme}public.ecr.aws${path}`),
  );
  const others = ['https://public.ecr.aws/v3/', 'public.ecr.aws/team', 'public.ecr.aws.example', 'ecr.aws'];

  it('removes every key of docker for the host, and no other path', async () => {
    const entries = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, { auth }]));
    await place().writeConfig(JSON.stringify({ auths: entries([...taken, ...others]) }));
    expect((await removeLogin(place())).removed).toEqual(taken);
    expect(JSON.parse(await readText())).toEqual({ auths: entries(others) });
  });

  it('erases the logins of all listed keys from the store', async () => {
    const log = '"$(dirname "$0")/erased"';
    await place().addHelper(
      'keep',
      `read -r host; test "$1" = erase && echo "$host" >> ${log}; echo '{"Username":"AWS","Secret":"s"}'`,
    );
    const auths = { 'https://public.ecr.aws': {}, 'https://public.ecr.aws/v3/': {} };
    await place().writeConfig(JSON.stringify({ credsStore: 'keep', auths }));
    const { removed } = await removeLogin(place());
    expect([...removed].sort()).toEqual(['https://public.ecr.aws', 'public.ecr.aws']);
    const erased = await readFile(join(place().root, 'programs', 'erased'), 'utf8');
    expect(erased).toBe('public.ecr.aws\nhttps://public.ecr.aws\n');
    expect(JSON.parse(await readText()).auths).toEqual({ 'https://public.ecr.aws/v3/': {} });
  });
});

describe('removeLogin with a store', () => {
  const readErased = () => readFile(join(place().root, 'programs', 'erased'), 'utf8').catch(() => '');
  /** Makes a store that has a login for each key, and notes what is erased. */
  const addStore = (name: string, keys: readonly string[]) =>
    place().addHelper(
      name,
      `case $1 in
        list) echo '${JSON.stringify(Object.fromEntries(keys.map((key) => [key, 'AWS'])))}';;
        get) echo '{"Username":"AWS","Secret":"s"}';;
        erase) echo "$(cat)" >>"$(dirname "$0")/erased";;
      esac`,
    );

  it('erases the keys that only the store lists', async () => {
    await addStore('keep', ['https://public.ecr.aws/v1/', 'public.ecr.aws/team', 'a.example']);
    await place().writeConfig('{"credsStore":"keep"}');
    expect((await removeLogin(place())).removed).toEqual(['public.ecr.aws', 'https://public.ecr.aws/v1/']);
    expect(await readErased()).toBe('public.ecr.aws\nhttps://public.ecr.aws/v1/\n');
  });

  it.each(['echo "cannot list"; exit 1', 'echo "[]"', 'echo "{"'])(
    'that does not list (%s) is asked for the host',
    async (list) => {
      const script = `case $1 in list) ${list};; get) echo '{"Username":"AWS","Secret":"s"}';; esac`;
      await place().addHelper('keep', script);
      await place().writeConfig('{"credsStore":"keep"}');
      expect((await removeLogin(place())).removed).toEqual(['public.ecr.aws']);
    },
  );

  it('erases what docker would find there when our helper is gone', async () => {
    await addStore('keep', ['public.ecr.aws']);
    await place().writeConfig('{"credsStore":"keep","credHelpers":{"public.ecr.aws":"ecrp"}}');
    expect((await removeLogin(place())).removed).toEqual(['public.ecr.aws']);
    expect(await readErased()).toBe('public.ecr.aws\n');
    expect(JSON.parse(await readText())).toEqual({ credsStore: 'keep', credHelpers: {} });
  });

  it('removes our helper when the store fails, and says so', async () => {
    await place().writeConfig('{"credsStore":"missing","credHelpers":{"public.ecr.aws":"ecrp"}}');
    const { removed, problem } = await removeLogin(place());
    expect(removed).toEqual(['public.ecr.aws']);
    expect(problem).toContain('docker-credential-missing cannot be started');
    expect(JSON.parse(await readText())).toEqual({ credsStore: 'missing', credHelpers: {} });
  });
});

describe('a store that does not replace a login', () => {
  const refuse =
    'test -e "$(dirname "$0")/has" && { echo "The specified item already exists in the keychain."; exit 1; }';

  it('erases the old login first', async () => {
    await place().addHelper(
      'chain',
      `cat >"$(dirname "$0")/$1-input"; case $1 in store) ${refuse}; exit 0;; erase) rm "$(dirname "$0")/has";; esac`,
    );
    await writeFile(join(place().root, 'programs', 'has'), '');
    await place().writeConfig('{"credsStore":"chain"}');
    expect(await storeLogin({ ...place(), ...login })).toMatchObject({ storedIn: 'store', store: 'chain' });
    expect(await readFile(join(place().root, 'programs', 'erase-input'), 'utf8')).toBe('public.ecr.aws');
  });

  it('fails if it still refuses', async () => {
    await place().addHelper('chain', 'test "$1" = erase || { echo "it already exists"; exit 1; }');
    await place().writeConfig('{"credsStore":"chain"}');
    expect(await catchError(storeLogin({ ...place(), ...login }))).toMatchObject({ code: 'AUTH' });
  });
});

it('reports that others can read a file with a token, and keeps the mode', async () => {
  await place().writeConfig('{}');
  for (const [mode, told] of [
    [0o644, 0o644],
    [0o640, 0o640],
    [0o600, undefined],
  ] as const) {
    await chmod(place().configFile, mode);
    const { openMode } = await storeLogin({ ...place(), ...login });
    expect(openMode).toBe(told);
    expect(await modeOf(place().configFile)).toBe(mode);
  }
});

/** Only root may mount. */
const canMount = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

describe.skipIf(!canMount)('a config on a disk of its own', () => {
  const mounts: string[] = [];
  const mount = (...argv: string[]): void => {
    expect(spawnSync('mount', argv).status).toBe(0);
    mounts.push(argv.at(-1) ?? '');
  };
  afterEach(() => {
    for (const path of mounts.splice(0).reverse()) spawnSync('umount', [path]);
  });
  const keep = async (text: string) => {
    await place().addHelper('keep', 'cat >"$(dirname "$0")/$1-input"');
    await place().writeConfig(text);
    mount('--bind', place().configDirectory, place().configDirectory);
    mount('-o', 'remount,bind,ro', place().configDirectory);
    mounts.pop();
  };

  it('that is read-only does not matter if nothing changes', async () => {
    const text = '{"credsStore":"keep","auths":{"public.ecr.aws":{ }}}';
    await keep(text);
    expect(await storeLogin({ ...place(), ...login })).toEqual({
      configFile: place().configFile,
      storedIn: 'store',
      store: 'keep',
    });
    expect(await readText()).toBe(text);
  });

  it('that is read-only cannot list a login of the store, which is reported', async () => {
    await keep('{"credsStore":"keep"}');
    const { problem } = await storeLogin({ ...place(), ...login });
    expect(problem).toContain('the file system is read-only (EROFS)');
  });

  it('that is read-only is refused for the token', async () => {
    await keep('{}');
    const error = await catchError(storeLogin({ ...place(), ...login }));
    expect(error).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('the file system is read-only (EROFS)'),
      hint: expect.stringContaining('DOCKER_CONFIG'),
    });
  });

  it('that is the file itself is refused, with the hint to mount the directory', async () => {
    await place().writeConfig('{}');
    mount('--bind', place().configFile, place().configFile);
    const error = await catchError(storeLogin({ ...place(), ...login }));
    expect(error).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('EBUSY'),
      hint: 'Mount the directory instead of the file.',
    });
    expect(await readText()).toBe('{}');
    expect(await readdir(place().configDirectory)).toEqual(['config.json']);
  });

  it('that is full keeps the old config', async () => {
    await mkdir(place().configDirectory, { recursive: true });
    mount('-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', place().configDirectory);
    const text = JSON.stringify({ auths: { 'a.example': { auth: 'a'.repeat(9_000) } } });
    await writeFile(place().configFile, text);
    const error = await catchError(storeLogin({ ...place(), ...login }));
    expect(error).toMatchObject({
      message: expect.stringContaining('the disk is full (ENOSPC)'),
      hint: 'Free space there, or set DOCKER_CONFIG to a directory on another disk.',
    });
    expect(await readText()).toBe(text);
    expect(await readdir(place().configDirectory)).toEqual(['config.json']);
  });
});

describe('registerCredentialHelper', () => {
  it('replaces a login with the helper; then login stores nothing and logout undoes it', async () => {
    const text = '{"credHelpers":{"a.example":"other"},"auths":{}}';
    await place().writeConfig(text);
    await storeLogin({ ...place(), ...login });
    expect(await registerCredentialHelper(place())).toBe(place().configFile);
    const registered = '{"credHelpers":{"a.example":"other","public.ecr.aws":"ecrp"},"auths":{}}';
    expect(await readText()).toBe(registered);
    expect((await storeLogin({ ...place(), ...login })).storedIn).toBe('helper');
    expect(await readText()).toBe(registered);
    expect((await removeLogin(place())).removed).toEqual(['public.ecr.aws']);
    expect(await readText()).toBe(text);
  });

  it('keeps another helper of the user on logout', async () => {
    await place().addHelper('other', 'echo "credentials not found in native keychain"; exit 1');
    const text = '{"credHelpers":{"public.ecr.aws":"other"}}';
    await place().writeConfig(text);
    await removeLogin(place());
    expect(await readText()).toBe(text);
  });
});

// `npm run demo` runs this with `ecrp emulator -- …`. It shows a repository and two images, command by command. Nothing leaves this machine
// or stays on it.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const archives = 'fixtures/archives';
const home = mkdtempSync(join(tmpdir(), 'ecrp-demo-'));
const environment = keepOfEnvironment();
const url = environment.AWS_ENDPOINT_URL_ECR_PUBLIC;

// Ctrl-C reaches the running command. The demo then stops, as after any failed command, and cleans up.
process.on('SIGINT', () => undefined);
try {
  await showDemo();
} catch (error) {
  say(`The demo stopped: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(home, { recursive: true, force: true });
}

async function showDemo() {
  say(`# A local ECR Public runs at ${url}. The commands are the same with AWS.\n`);
  say('# Create a repository with its page in the ECR Public Gallery.');
  await ecrp('repo', 'create', 'hello', '--catalog', 'fixtures/catalog.json');
  say('# Push an image from `docker save`, without docker and without a login.');
  await ecrp('push', `${archives}/docker-20.10-one.tar`, 'hello:1.0');
  say('# Push it again: nothing is sent, because it is there already.');
  await ecrp('push', `${archives}/docker-20.10-one.tar`, 'hello:1.0');
  say('# Push an image of two platforms, under two tags.');
  await ecrp('push', `${archives}/skopeo-multi-oci.tar`, 'hello:2.0', '--tag', 'latest');
  say('# Describe the repository.');
  await ecrp('repo', 'describe', 'hello');

  const name = await findName('hello');
  const host = environment.ECRP_REGISTRY_HOST;
  say('# Read the images back like docker pull, without credentials.');
  for (const tag of ['1.0', '2.0', 'latest']) say(`${host}/${name}:${tag} is ${await readBack(name, tag)}`);
  say('\n# Any client can pull like this from a running emulator (`npx ecrp emulator`):');
  say(`    docker pull 127.0.0.1:5100/${name}:1.0`);
  say(`    skopeo inspect --tls-verify=false docker://127.0.0.1:5100/${name}:2.0`);
  say('# This emulator ends now and leaves nothing behind. README.md says how to push to AWS.');
}

/** Shows and runs a command. Throws if it fails. */
async function ecrp(...options) {
  say(`$ ecrp ${options.join(' ')}`);
  const child = start(options, 'inherit');
  const [status] = await once(child, 'exit');
  if (status !== 0) throw new Error(`ecrp ${options.join(' ')} ended with status ${status}`);
  say('');
}

/** Repository in the registry: `alias/repository`. */
async function findName(repository) {
  const child = start(['repo', 'describe', repository, '--json'], ['ignore', 'pipe', 'inherit']);
  let text = '';
  for await (const chunk of child.stdout) text += chunk;
  const { repositoryUri } = JSON.parse(text);
  return repositoryUri.slice(repositoryUri.indexOf('/') + 1);
}

/** Fetches a manifest anonymously. Returns the digest of its bytes. */
async function readBack(name, tag) {
  const { token } = await (await fetch(`${url}/token/`)).json();
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/v2/${name}/manifests/${tag}`, { headers });
  if (!response.ok) throw new Error(`the registry answered ${response.status} for ${name}:${tag}`);
  return `sha256:${createHash('sha256')
    .update(Buffer.from(await response.arrayBuffer()))
    .digest('hex')}`;
}

function start(options, stdio) {
  const program = join(root, 'bin', 'ecrp.js');
  return spawn(process.execPath, [program, ...options], { cwd: root, env: environment, stdio });
}

/** Environment with a temporary home, and with the AWS variables of the emulator only. */
function keepOfEnvironment() {
  const given = /^(AWS_(ENDPOINT_URL_ECR_PUBLIC|ACCESS_KEY_ID|SECRET_ACCESS_KEY|REGION)|ECRP_REGISTRY_HOST)$/;
  const kept = Object.entries(process.env).filter(
    ([name]) => given.test(name) || !/^(AWS|ECRP|XDG)_/.test(name),
  );
  return { ...Object.fromEntries(kept), HOME: home, USERPROFILE: home, DOCKER_CONFIG: home };
}

function say(text) {
  process.stdout.write(`${text}\n`);
}

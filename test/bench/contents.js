// What is in an OCI layout, and in a repository.

import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, toPath } from './layers.js';

const NAME = 'org.opencontainers.image.ref.name';

/**
 * Reads what a layout holds: `manifests`, children first, each with its bytes; the `blobs` that they list; the digest of each tag. Throws if
 * anything is missing, or has other bytes than its digest says.
 */
export async function readContents(layout) {
  const manifests = new Map();
  const blobs = new Map();
  const visit = ({ digest, mediaType }) => {
    const bytes = readFileSync(join(layout, toPath(digest)));
    const { manifests: children = [], config, layers = [] } = JSON.parse(bytes);
    for (const child of children) visit(child);
    if (config) for (const blob of [config, ...layers]) blobs.set(blob.digest, blob);
    manifests.set(digest, { digest, mediaType, bytes });
  };
  const roots = JSON.parse(readFileSync(join(layout, 'index.json'))).manifests;
  for (const root of roots) visit(root);
  for (const digest of [...manifests.keys(), ...blobs.keys()]) await checkFile(layout, digest);
  const tags = roots.map(({ digest, annotations }) => ({ tag: annotations?.[NAME], digest }));
  return { manifests: [...manifests.values()], blobs: [...blobs.values()], tags };
}

async function checkFile(layout, digest) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(join(layout, toPath(digest)), { highWaterMark: 1 << 20 }))
    hash.update(chunk);
  if (`sha256:${hash.digest('hex')}` !== digest) throw new Error(`${layout} has other bytes as ${digest}`);
}

/** Puts everything of a layout into a repository of a registry that asks for no credentials. `url` ends with the repository. */
export async function fillRepository(url, layout) {
  const { manifests, blobs, tags } = await readContents(layout);
  for (const { digest } of blobs) {
    const { headers } = await ask(`${url}/blobs/uploads/`, { method: 'POST' });
    const location = new URL(headers.get('location'), url);
    location.searchParams.set('digest', digest);
    await ask(location, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream' },
      body: createReadStream(join(layout, toPath(digest))),
      duplex: 'half',
    });
  }
  for (const { digest, mediaType, bytes } of manifests) {
    const names = [digest, ...tags.flatMap((each) => (each.digest === digest ? each.tag : []))];
    for (const name of names)
      await ask(`${url}/manifests/${name}`, {
        method: 'PUT',
        headers: { 'content-type': mediaType },
        body: bytes,
      });
  }
}

/** Throws unless a repository has everything of a layout. Returns the bytes of the blobs. */
export async function checkRepository(url, headers, { manifests, blobs, tags }) {
  const accept = [...new Set(manifests.map(({ mediaType }) => mediaType))].join(', ');
  // The emulator refuses HEAD of a blob to those without credentials, as ECR Public does.
  const find = (path) =>
    ask(`${url}/${path}`, { method: 'GET', headers: { ...headers, accept }, redirect: 'manual' });
  for (const { tag, digest } of tags) {
    const answer = await fetch(`${url}/manifests/${tag}`, { headers: { ...headers, accept } });
    const found = digestOf(Buffer.from(await answer.arrayBuffer()));
    if (found !== digest) throw new Error(`${url}: ${tag} is ${found}, not ${digest}`);
  }
  for (const { digest } of manifests) await find(`manifests/${digest}`);
  for (const { digest } of blobs) await find(`blobs/${digest}`);
  return sumSizes(blobs);
}

/** Throws unless the layout or docker-archive that was pulled has the image. Returns the bytes of its blobs. */
export async function checkPulled(form, path, expected) {
  if (form === 'docker') return statSync(path).size;
  const { manifests, blobs } = await readContents(path);
  for (const { digest } of expected.manifests)
    if (!manifests.some((each) => each.digest === digest))
      throw new Error(`${path} has no manifest ${digest}`);
  const files = readdirSync(join(path, 'blobs/sha256')).length;
  if (files < expected.manifests.length + expected.blobs.length)
    throw new Error(`${path} has ${files} blobs`);
  return sumSizes(blobs);
}

function sumSizes(blobs) {
  return blobs.reduce((sum, { size }) => sum + size, 0);
}

async function ask(url, options) {
  const answer = await fetch(url, options);
  await answer.body?.cancel();
  if (answer.status >= 400) throw new Error(`${options.method} ${url}: status ${answer.status}`);
  return answer;
}

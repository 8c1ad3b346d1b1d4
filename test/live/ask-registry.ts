import { randomUUID } from 'node:crypto';
import { CHOICES } from '../../src/emulator/choices.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { MIN_PART_BYTES } from '../../src/wire/limits.ts';
import { read } from './live-service.ts';
import type { Question } from './question.ts';
import { INDEX_TYPE, MANIFEST_TYPE, makeBytes, putImage } from './sample-images.ts';

const accept = `${MANIFEST_TYPE}, ${INDEX_TYPE}`;

/** Reads the code of an error of the registry, or the status of another answer. */
async function readCode(response: Response): Promise<string> {
  const text = await response.text();
  try {
    return String(read(JSON.parse(text), 'errors', 0, 'code') ?? `HTTP ${response.status}`);
  } catch {
    return `HTTP ${response.status}`;
  }
}

/** Questions about `/v2/`. */
export const REGISTRY_QUESTIONS = {
  registryPatchStatus: async ({ fetch }) => {
    const started = await fetch('POST', 'blobs/uploads/');
    const location = started.headers.get('location') ?? '';
    return { observed: (await fetch('PATCH', location, { body: makeBytes() })).status };
  },
  registryPatchRangeAdvances: async ({ fetch }) => {
    const started = await fetch('POST', 'blobs/uploads/');
    const first = await fetch('PATCH', started.headers.get('location') ?? '', {
      body: Buffer.alloc(MIN_PART_BYTES, 'a'),
      headers: { 'content-range': `0-${MIN_PART_BYTES - 1}` },
    });
    const rest = makeBytes();
    const second = await fetch(
      'PATCH',
      first.headers.get('location') ?? started.headers.get('location') ?? '',
      { body: rest, headers: { 'content-range': `${MIN_PART_BYTES}-${MIN_PART_BYTES + rest.length - 1}` } },
    );
    return { observed: second.headers.get('range') === `0-${MIN_PART_BYTES + rest.length - 1}` };
  },
  registryRefusesBlobHeads: async (service) => {
    const { layer } = await putImage(service);
    const path = `blobs/${digestOf(layer)}`;
    const issued = await service.fetch('GET', '/token/', { authorization: '' });
    const authorization = `Bearer ${read(await issued.json(), 'token')}`;
    const { status } = await service.fetch('HEAD', path, { authorization });
    return { observed: status === 401 };
  },
  registryTagsPage: async (service) => {
    const image = await putImage(service, 'page-0');
    const count = CHOICES.registryTagsPage.value + 1;
    for (let tag = 1; tag < count; tag += 1) {
      await service.must('PutImage', { imageManifest: image.text, imageTag: `page-${tag}` });
    }
    const tags = read(await (await service.fetch('GET', 'tags/list')).json(), 'tags');
    const listed = Array.isArray(tags) ? tags.length : 0;
    return { observed: listed > count ? `at least ${listed}` : listed };
  },
  registryInvalidTokenStatus: async ({ fetch }) => {
    const { status } = await fetch('GET', '/v2/', { authorization: 'Bearer nonsense' });
    return { observed: status };
  },
  registryDeniedLoginStatus: async ({ fetch }) => {
    const authorization = `Basic ${Buffer.from('AWS:no password').toString('base64')}`;
    return { observed: (await fetch('GET', '/token/', { authorization })).status };
  },
  registryDigestHeaderOnGet: async (service) => {
    const { digest } = await putImage(service);
    const response = await service.fetch('GET', `manifests/${digest}`, { headers: { accept } });
    await response.arrayBuffer();
    return { observed: response.headers.has('docker-content-digest') };
  },
  registryBadTagCode: async ({ fetch }) => ({
    observed: await readCode(await fetch('GET', 'manifests/no+tag', { headers: { accept } })),
  }),
  registryUnsupportedDigestCode: async (service) => {
    const { text } = await putImage(service);
    const response = await service.fetch('PUT', `manifests/sha512:${'0'.repeat(128)}`, {
      body: text,
      headers: { 'content-type': MANIFEST_TYPE },
    });
    return { observed: await readCode(response) };
  },
  registryListsRepositories: async ({ fetch }) => ({
    observed: (await fetch('GET', '/v2/_catalog')).status === 200,
  }),
  registryUploadNotFoundCode: async ({ fetch }) => ({
    observed: await readCode(await fetch('PATCH', `blobs/uploads/${randomUUID()}`, { body: makeBytes() })),
  }),
  registryDeleteStatus: async (service) => {
    const { digest } = await putImage(service);
    return { observed: (await service.fetch('DELETE', `manifests/${digest}`)).status };
  },
} as const satisfies Readonly<Record<string, Question>>;

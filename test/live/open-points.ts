import { choose, type EmulatorChoice } from '../../src/emulator/choice.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { read } from './live-service.ts';
import type { Question } from './question.ts';
import { makeBytes, putArtifact, putImage } from './sample-images.ts';

/** What the emulator does where reports disagree and its tables of choices have no entry. */
export const OPEN_POINTS = {
  referrersAreListed: choose(true, 'reported in 2026', 'false: clients use the tag sha256-…'),
  tokenOfLogin: choose(
    'the authorization token of the API',
    'both are opaque, and one is made of the other',
    'another token',
  ),
  wholeBlobInPost: choose('202', 'not recorded: a session starts, as for a mount', '201, the blob is stored'),
  mountedBlob: choose('202', 'reported in 2021: a session starts', '201, the blob is mounted'),
} as const satisfies Readonly<Record<string, EmulatorChoice<string | boolean>>>;

export const OPEN_POINT_QUESTIONS = {
  referrersAreListed: async (service) => {
    const { image, imageManifest } = await putArtifact(service);
    const response = await service.fetch('GET', `referrers/${image.digest}`);
    const text = await response.text();
    return { observed: response.status === 200 && text.includes(digestOf(imageManifest)) };
  },
  tokenOfLogin: async ({ fetch, call }) => {
    const { output } = await call('GetAuthorizationToken', {});
    const ours = read(output, 'authorizationData', 'authorizationToken');
    const issued = await fetch('GET', '/token/', { authorization: `Basic ${ours}` });
    const { value, alternative } = OPEN_POINTS.tokenOfLogin;
    return { observed: read(await issued.json(), 'token') === ours ? value : alternative };
  },
  wholeBlobInPost: async ({ fetch }) => {
    const body = makeBytes();
    const { status } = await fetch('POST', `blobs/uploads/?digest=${digestOf(body)}`, { body });
    return { observed: String(status) };
  },
  mountedBlob: async (service) => {
    const { layer } = await putImage(service);
    const from = `${service.registryAlias}/${service.repositoryName}`;
    const query = new URLSearchParams({ mount: digestOf(layer), from });
    return { observed: String((await service.fetch('POST', `blobs/uploads/?${query}`)).status) };
  },
} as const satisfies Readonly<Record<keyof typeof OPEN_POINTS, Question>>;

import { choose, type EmulatorChoice } from '../../src/emulator/choice.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { read } from './live-service.ts';
import { outcomeOf, type Question } from './question.ts';
import { describeBlob, MANIFEST_TYPE, makeBytes, putImage, uploadBlob } from './sample-images.ts';

/** What the emulator does where reports disagree and its tables of choices have no entry. */
export const OPEN_POINTS = {
  artifactWithSubject: choose(
    'accepted',
    'announced in June 2024: ECR Public supports OCI 1.1',
    'refused with Invalid JSON syntax, as reported from private ECR',
  ),
  referrersAreListed: choose(true, 'reported in 2026', 'false: clients use the tag sha256-…'),
  tokenOfLogin: choose(
    'the authorization token of the API',
    'both are opaque, and one is made of the other',
    'another token',
  ),
  wholeBlobInPost: choose('202', 'not recorded: a session starts, as for a mount', '201, the blob is stored'),
  mountedBlob: choose('202', 'reported in 2021: a session starts', '201, the blob is mounted'),
} as const satisfies Readonly<Record<string, EmulatorChoice<string | boolean>>>;

const EMPTY = Buffer.from('{}');

/** Uploads an artifact with an empty config about an image. */
async function putArtifact(service: Parameters<Question>[0]) {
  const image = await putImage(service);
  const content = makeBytes();
  await uploadBlob(service, EMPTY);
  await uploadBlob(service, content);
  const imageManifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    artifactType: 'application/vnd.example.note',
    config: describeBlob('application/vnd.oci.empty.v1+json', EMPTY),
    layers: [describeBlob('text/plain', content)],
    subject: describeBlob(MANIFEST_TYPE, Buffer.from(image.text)),
  });
  return { image, imageManifest, answer: await service.ask('PutImage', { imageManifest }) };
}

export const OPEN_POINT_QUESTIONS = {
  artifactWithSubject: async (service) => ({ observed: outcomeOf((await putArtifact(service)).answer) }),
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

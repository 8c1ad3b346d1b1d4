import { execFile } from 'node:child_process';
import { choose, type EmulatorChoice } from '../../src/emulator/choice.ts';
import { type LiveService, read } from './live-service.ts';
import type { Question } from './question.ts';

const archives = 'fixtures/archives';
const ownProgram = 'the built program, at this service';

/** What `ecrp` itself has to achieve. */
export const PROGRAM_CHECKS = {
  pushOfDockerArchive: choose('read back as it was sent', ownProgram, 'an error'),
  pushOfIndex: choose('read back as it was sent', ownProgram, 'an error'),
  pushOfSameImage: choose('unchanged', ownProgram, 'created or moved'),
  descriptionOfRepository: choose('described', ownProgram, 'an error'),
} as const satisfies Readonly<Record<string, EmulatorChoice<string>>>;

/** Runs `ecrp … --json`. Returns its document, also after a failure. */
async function runEcrp({ env }: LiveService, ...argv: readonly string[]): Promise<unknown> {
  const stdout = await new Promise<string>((resolve, reject) => {
    const command = ['bin/ecrp.js', ...argv, '--json', '--quiet'];
    execFile(process.execPath, command, { env }, (error, output) => {
      if (output === '') reject(error ?? new Error(`ecrp ${argv[0]} printed nothing`));
      else resolve(output);
    });
  });
  return JSON.parse(stdout);
}

/** Pushes an archive, and compares what the registry has. Returns what came out. */
async function push(service: LiveService, archive: string, tag: string): Promise<string> {
  const reference = `${service.repositoryName}:${tag}`;
  const pushed = await runEcrp(service, 'push', `${archives}/${archive}`, reference, '--verify');
  const message = read(pushed, 'error', 'message');
  if (message !== undefined) return String(message);
  return Number(read(pushed, 'verified', 'manifests')) > 0 ? 'read back as it was sent' : 'not read back';
}

/** Questions that the built program answers. */
export const PROGRAM_QUESTIONS = {
  pushOfDockerArchive: async (service) => ({
    observed: await push(service, 'docker-20.10-one.tar', 'program'),
  }),
  pushOfIndex: async (service) => ({ observed: await push(service, 'skopeo-multi-oci.tar', 'index') }),
  pushOfSameImage: async (service) => {
    await push(service, 'skopeo-oci.tar', 'same');
    const again = await runEcrp(
      service,
      'push',
      `${archives}/skopeo-oci.tar`,
      `${service.repositoryName}:same`,
    );
    return { observed: String(read(again, 'tags', 0, 'status') ?? read(again, 'error', 'message')) };
  },
  descriptionOfRepository: async (service) => {
    const described = await runEcrp(service, 'repo', 'describe', service.repositoryName);
    const isRight = read(described, 'repositoryArn') === service.repositoryArn;
    return { observed: isRight ? 'described' : String(read(described, 'error', 'message')) };
  },
} as const satisfies Readonly<Record<keyof typeof PROGRAM_CHECKS, Question>>;

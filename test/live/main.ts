import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { TOPICS } from './questions.ts';
import { writeReport } from './report.ts';
import { describeLeft, runQuestions, type TopicResult } from './run-questions.ts';

const REPORT_FILE = 'live-report.md';

/** `npm run test:live`. Returns the exit status: 0, 1 if it fails or leaves a repository, 2 if it may not run. */
export async function runLive(env: NodeJS.ProcessEnv): Promise<number> {
  if (env.ECRP_LIVE !== '1') {
    say(
      'This calls the real Amazon ECR Public with your credentials, in a repository that it creates and deletes.',
    );
    say('To run it: ECRP_LIVE=1 npm run test:live');
    return 2;
  }
  const keys = await fromNodeProviderChain()().catch((error: Error) => error);
  if (keys instanceof Error) {
    say(`No credentials: ${keys.message}`);
    say('Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.');
    return 2;
  }
  const endpoint =
    env.AWS_ENDPOINT_URL_ECR_PUBLIC ??
    env.AWS_ENDPOINT_URL ??
    'https://api.ecr-public.us-east-1.amazonaws.com';
  const registryHost = env.ECRP_REGISTRY_HOST ?? 'public.ecr.aws';
  const scheme = /^(localhost|127\.|\[::1\])/.test(registryHost) ? 'http' : 'https';
  const place = {
    signer: { url: endpoint, ...keys },
    registryUrl: `${scheme}://${registryHost}`,
    pause: (ms: number) => setTimeout(ms),
    env,
  };
  // A second Ctrl-C ends the process at once.
  const interruption = new AbortController();
  process.once('SIGINT', () => interruption.abort());
  say(`Asking ${endpoint} about ${TOPICS.length} topics. This takes some minutes.`);
  const run = await runQuestions(place, TOPICS, { onResult: sayResult, signal: interruption.signal });
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  writeFileSync(REPORT_FILE, writeReport(run, { endpoint, registryHost, version, date: new Date() }));
  say(`Written: ${REPORT_FILE}`);
  if (run.left === undefined) return 0;
  say(`Warning: ${describeLeft(run.repositoryName, run.left)}`);
  return 1;
}

function sayResult({ topic, verdict, observed, expected, reason }: TopicResult): void {
  const difference = `${observed} (emulator: ${expected})`;
  const detail = { confirmed: String(observed), differs: difference, undecided: reason }[verdict];
  say(`${verdict.padEnd(9)}  ${topic.name}: ${detail}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

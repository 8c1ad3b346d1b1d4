import type { RunResult, TopicResult, Verdict } from './run-questions.ts';
import { describeLeft } from './run-questions.ts';

/** What the report says about the run beside its results. */
export interface RunFacts {
  readonly endpoint: string;
  readonly registryHost: string;
  readonly version: string;
  readonly date: Date;
}

/** Writes the report in Markdown. Account, alias and repository are masked in the findings, so that it can be shared. */
export function writeReport(run: RunResult, { endpoint, registryHost, version, date }: RunFacts): string {
  const mask = makeMask(run);
  const ofVerdict = (verdict: Verdict) => run.results.filter((result) => result.verdict === verdict);
  const [confirmed, differs, undecided] = (['confirmed', 'differs', 'undecided'] as const).map(ofVerdict);
  const sections = [
    '# How ECR Public behaves where its documents are silent',
    `Asked on ${date.toISOString().slice(0, 10)} by ecrp ${version}: \`${endpoint}\` and \`${registryHost}\`. \`choices.ts\` in \`src/emulator\`, and the files beside it, have the choices of the emulator.`,
    run.left === undefined
      ? 'The repository of this run is deleted.'
      : `**Left behind:** ${describeLeft(run.repositoryName, run.left)}`,
    `${confirmed?.length ?? 0} confirmed, ${differs?.length ?? 0} differ, ${undecided?.length ?? 0} undecided.`,
    '## The emulator differs',
    writeTable(
      ['topic', 'the service', 'the emulator', 'source of the choice'],
      (differs ?? []).map(({ topic, observed, expected }) => [
        topic.name,
        mask(observed),
        mask(expected),
        topic.choice.source,
      ]),
    ),
    '## The emulator is right',
    writeTable(
      ['topic', 'the service', 'source of the choice'],
      (confirmed ?? []).map(({ topic, observed }) => [topic.name, mask(observed), topic.choice.source]),
    ),
    '## Undecided',
    writeTable(
      ['topic', 'why', 'alternative'],
      (undecided ?? []).map((result) => writeUndecided(result, mask)),
    ),
  ];
  return `${sections.join('\n\n')}\n`;
}

function writeUndecided({ topic, reason }: TopicResult, mask: (value: unknown) => string): readonly string[] {
  return [topic.name, mask(reason), topic.choice.alternative];
}

function makeMask({ registryId, registryAlias, repositoryName }: RunResult): (value: unknown) => string {
  return (value) =>
    String(value)
      .replaceAll(repositoryName, 'REPOSITORY')
      .replaceAll(registryId, 'ACCOUNT')
      .replaceAll(registryAlias, 'ALIAS');
}

function writeTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return 'None.';
  const writeRow = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(' | ')} |`;
  return [writeRow(head), writeRow(head.map(() => '---')), ...rows.map(writeRow)].join('\n');
}

function escapeCell(text: string): string {
  return text.replace(/[\\|<>*_`]/g, '\\$&').replace(/\s+/g, ' ');
}

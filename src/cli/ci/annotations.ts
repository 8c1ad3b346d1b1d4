import { escapeLine } from '../../foreign-text.ts';
import type { Environment } from '../../io.ts';

/** Kinds of annotations that GitHub Actions shows with a run. */
export type AnnotationKind = 'error' | 'warning';

/**
 * True in a job of GitHub Actions, unless ECRP_ANNOTATIONS is `off`. Such a job gets its errors and warnings as annotations, and a report
 * of what was pushed.
 */
export function isAnnotatedJob(env: Environment): boolean {
  const isJob = Boolean(env.GITHUB_ACTIONS) && env.GITHUB_ACTIONS !== 'false';
  return isJob && env.ECRP_ANNOTATIONS?.toLowerCase() !== 'off';
}

/**
 * Formats a message as one workflow command, such as `::error title=ecrp::first line%0Asecond line`. The runner takes it from standard
 * error as well. Each line is escaped as in all other output, so that the runner's log cannot take a part of it for a command.
 *
 * Source of the rules: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands, and ActionCommand.cs of
 * https://github.com/actions/runner.
 */
export function formatAnnotation(kind: AnnotationKind, lines: readonly string[]): string {
  return `::${kind} title=ecrp::${lines.map((line) => escapeData(escapeLine(line))).join('%0A')}`;
}

/** Escapes the data of a workflow command. Line breaks are escapes already. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25');
}

import { quoteText } from '../../foreign-text.ts';
import { invalidInput } from '../../oci/json.ts';
import type { ChartDependency, ChartMetadata } from './chart-metadata.ts';
import { PACKAGE_AGAIN } from './find-chart.ts';

/** Longest tag of the OCI distribution specification. */
const MAX_TAG_LENGTH = 128;

/** Throws INVALID_INPUT, naming `subject`, for a chart that Helm does not read, and for a version that no tag can have. */
export function checkChart(metadata: ChartMetadata, subject: string): void {
  const problem = findProblem(metadata);
  if (problem !== undefined) throw invalidInput(subject, problem, { hint: PACKAGE_AGAIN });
}

/** The rules of Helm's `Metadata.Validate`. */
function findProblem({ name, version, type, dependencies }: ChartMetadata): string | undefined {
  if (name === '') return 'name is missing';
  if (name === '.' || name === '..' || name.includes('/')) {
    return `name is ${quoteText(name)}, which is no name of a folder`;
  }
  if (version === '') return 'version is missing';
  if (!isVersion(version)) return `version is ${quoteText(version)}, not a semantic version such as 1.2.3`;
  if (version.length > MAX_TAG_LENGTH) {
    return `version has ${version.length} characters, and a tag has ${MAX_TAG_LENGTH} at most`;
  }
  if (type !== '' && type !== 'application' && type !== 'library') {
    return `type is ${quoteText(type)}, neither application nor library`;
  }
  return findDependencyProblem(dependencies);
}

function findDependencyProblem(dependencies: readonly ChartDependency[]): string | undefined {
  const names = new Set<string>();
  for (const { name, alias } of dependencies) {
    if (alias !== '' && !/^[a-zA-Z0-9_-]+$/.test(alias)) {
      return `the alias ${quoteText(alias)} of a dependency has other characters than letters, digits, - and _`;
    }
    const key = alias === '' ? name : alias;
    if (names.has(key)) return `two dependencies have the name or alias ${quoteText(key)}`;
    names.add(key);
  }
  return undefined;
}

/** What github.com/Masterminds/semver takes as a version, in `NewVersion`: also `v1.2` and `01.2.3`. */
const VERSION = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/;
const MAX_NUMBER = 2n ** 64n - 1n;

function isVersion(text: string): boolean {
  const [whole, major, minor, patch, prerelease, build] = VERSION.exec(text) ?? [];
  if (whole === undefined) return false;
  const numbers = [major, minor, patch].map((number = '0') => number.replace(/^0+(?=\d)/, ''));
  if (numbers.some((number) => number.length > 20 || BigInt(number) > MAX_NUMBER)) return false;
  const [parts, buildParts] = [prerelease?.split('.') ?? [], build?.split('.') ?? []];
  return [...parts, ...buildParts].every((part) => part !== '') && !parts.some((part) => /^0\d+$/.test(part));
}

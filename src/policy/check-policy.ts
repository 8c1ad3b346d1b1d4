import { listNames } from '../foreign-text.ts';
import { isObject, type JsonObject } from '../json.ts';
import { MAX_POLICY_CHARS } from '../wire/limits.ts';
import { type PolicyService, PUBLIC_POLICIES } from './policy-service.ts';
import { fitsPolicy, isParsedPolicy, listStatements, listTexts, type ParsedPolicy } from './policy-text.ts';
import { isDeletedPrincipal } from './principals.ts';
import { listAwsPrincipals } from './push-grant.ts';
import { listUnknownMembers } from './unknown-members.ts';

/** What a check found. The policy is absent if there is a problem. */
export interface CheckedPolicy {
  readonly policy?: ParsedPolicy;
  /** Reasons why the service would refuse it. */
  readonly problems: readonly string[];
  /** Parts that the service takes, but that hardly do what they are meant to do. */
  readonly warnings: readonly string[];
}

const VERSIONS: readonly unknown[] = ['2012-10-17', '2008-10-17'];
const POLICY_MEMBERS = ['Version', 'Id', 'Statement'];
const STATEMENT_MEMBERS = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Condition',
  'Resource',
  'NotResource',
];

/**
 * Checks the value of a policy file as far as the service's documents say. Source: user guides of Amazon ECR and ECR Public, "Repository
 * policies", and IAM user guide, "Grammar of the IAM JSON policy language".
 */
export function checkPolicy(value: unknown, service: PolicyService = PUBLIC_POLICIES): CheckedPolicy {
  if (!isObject(value)) return refuse('it must hold a JSON object with Version and Statement');
  if (value.Statement === undefined) return refuse('it has no Statement');
  if (!isParsedPolicy(value)) return refuse('Statement must be an object or a list of objects');
  const statements = listStatements(value);
  const findings = statements.map((each, at) => checkStatement(each, nameStatement(each, at), service));
  const problems = [
    ...listUnknownMembers(value, POLICY_MEMBERS, 'a policy'),
    ...checkVersion(value.Version),
    ...(statements.length === 0 ? ['Statement is empty'] : []),
    ...findings.flatMap((each) => each.problems),
    ...listRepeatedSids(statements),
    ...checkPolicyLength(value),
  ];
  const warnings = [
    ...(value.Version === undefined ? ['it has no Version, so AWS reads it by the rules of 2008-10-17'] : []),
    ...findings.flatMap((each) => each.warnings),
  ];
  return problems.length > 0 ? { problems, warnings } : { policy: value, problems, warnings };
}

function refuse(problem: string): CheckedPolicy {
  return { problems: [problem], warnings: [] };
}

function checkVersion(version: unknown): readonly string[] {
  if (version === undefined || VERSIONS.includes(version)) return [];
  return [`Version must be "2012-10-17" or "2008-10-17", the version of AWS's policy language`];
}

function checkPolicyLength(policy: ParsedPolicy): readonly string[] {
  if (fitsPolicy(JSON.stringify(policy))) return [];
  return [`it has more than ${MAX_POLICY_CHARS.toLocaleString('en-US')} characters even without spaces`];
}

function listRepeatedSids(statements: readonly JsonObject[]): readonly string[] {
  const sids = statements.flatMap(({ Sid }) => (typeof Sid === 'string' && Sid !== '' ? [Sid] : []));
  const repeated = new Set(sids.filter((sid, at) => sids.indexOf(sid) !== at));
  return [...repeated].map((sid) => `the Sid ${JSON.stringify(sid)} appears twice`);
}

function nameStatement({ Sid: sid }: JsonObject, at: number): string {
  return typeof sid === 'string' && sid !== '' ? `statement ${JSON.stringify(sid)}` : `statement ${at + 1}`;
}

function checkStatement(statement: JsonObject, where: string, service: PolicyService): CheckedPolicy {
  const { Sid, Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource } = statement;
  const has = (...values: readonly unknown[]) => values.some((each) => each !== undefined);
  const problems = [
    ...listUnknownMembers(statement, STATEMENT_MEMBERS, 'a policy'),
    ...(has(Sid) && typeof Sid !== 'string' ? ['Sid must be text'] : []),
    ...(Effect === 'Allow' || Effect === 'Deny' ? [] : ['Effect must be "Allow" or "Deny"']),
    ...(has(Principal, NotPrincipal) ? [] : ['it has no Principal: whom it is about']),
    ...(has(Principal) && has(NotPrincipal) ? ['it has both Principal and NotPrincipal'] : []),
    ...(has(Action, NotAction) ? [] : ['it has no Action']),
    ...(has(Action) && has(NotAction) ? ['it has both Action and NotAction'] : []),
    ...(has(Resource, NotResource)
      ? ['remove Resource: a repository policy is always about its repository']
      : []),
    ...listAwsPrincipals(Principal ?? NotPrincipal)
      .filter(isDeletedPrincipal)
      .map((id) => `${id} stands for a deleted user or role: remove it`),
  ];
  const about = (texts: readonly string[]) => texts.map((text) => `${where}: ${text}`);
  return {
    problems: about(problems),
    warnings: about([...checkActions(statement, service), ...checkReach(statement, service)]),
  };
}

const SERVICE_NAMES: Readonly<Record<string, string>> = { ecr: 'private ECR', 'ecr-public': 'ECR Public' };

/** Patterns may have wildcards; those of an unknown action match none. */
function checkActions(
  { Action: actions, NotAction: others }: JsonObject,
  { prefix, name, actions: known }: PolicyService,
): readonly string[] {
  return listTexts(actions ?? others).flatMap((action) => {
    const [, given = '', operation = ''] = /^([^:]*):(.*)$/.exec(action.toLowerCase()) ?? [];
    const other = given === prefix || !Object.hasOwn(SERVICE_NAMES, given) ? undefined : SERVICE_NAMES[given];
    if (other !== undefined)
      return [`${action} is an action of ${other}; those of ${name} begin with ${prefix}:`];
    if (given !== prefix || /[*?]/.test(operation)) return [];
    const isKnown = known.some((each) => each.toLowerCase() === operation);
    return isKnown ? [] : [`${action} is not an action of ${name}`];
  });
}

/** What everybody may do with a public repository anyway. A private one tells nothing to everybody. */
const READING = /^ecr-public:(Describe|Get|List|BatchCheckLayerAvailability$)/i;

/**
 * Warns of a statement that lets every AWS account do what should be for a few. With NotPrincipal, it lets all but a few.
 */
function checkReach(statement: JsonObject, { prefix }: PolicyService): readonly string[] {
  const { Effect, Principal, NotPrincipal, Action, NotAction, Condition } = statement;
  if (Effect !== 'Allow' || Condition !== undefined) return [];
  if (NotPrincipal === undefined && !listAwsPrincipals(Principal).includes('*')) return [];
  const change =
    NotAction === undefined
      ? listTexts(Action).find((action) => prefix === 'ecr' || !READING.test(action))
      : `everything but ${listNames(listTexts(NotAction))}`;
  const exception = NotPrincipal === undefined ? '' : ' that NotPrincipal does not name';
  return change === undefined ? [] : [`it allows ${change} to every AWS account${exception}`];
}

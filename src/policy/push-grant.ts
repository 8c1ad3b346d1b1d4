import { EcrpError } from '../errors.ts';
import { isObject, type JsonObject } from '../json.ts';
import { type PolicyService, PUBLIC_POLICIES } from './policy-service.ts';
import { listStatements, listTexts, type ParsedPolicy, replaceStatements } from './policy-text.ts';
import { toPrincipalArn, toPrincipalKey } from './principals.ts';

/** The statement that `policy grant --push` writes and `policy revoke --push` reads. */
export const PUSH_SID = 'EcrpPush';

/** The current version of the IAM grammar. */
const VERSION = '2012-10-17';

/**
 * Lets principals push: adds them to the statement EcrpPush, or creates it. Throws CONFLICT if somebody has made that statement
 * more than a grant of pushes.
 * @param principals In the form of `parsePrincipal`.
 */
export function grantPush(
  policy: ParsedPolicy | undefined,
  principals: readonly string[],
  service: PolicyService = PUBLIC_POLICIES,
): ParsedPolicy {
  const statements = listStatements(policy);
  const current = statements.find(isPushStatement);
  const granted = current === undefined ? [] : listGranted(current, service);
  const all = [...new Set([...granted, ...principals])];
  const statement = {
    Sid: PUSH_SID,
    Effect: 'Allow',
    Principal: { AWS: all },
    Action: service.pushActions,
  };
  return {
    ...(policy ?? { Version: VERSION }),
    Statement:
      current === undefined
        ? [...statements, statement]
        : statements.map((each) => (each === current ? statement : each)),
  };
}

/**
 * Takes the push from principals, and removes a statement EcrpPush without principals. Undefined when no statement is left.
 * Throws CONFLICT as `grantPush` does.
 * @param principals In the form of `parseStoredPrincipal`.
 */
export function revokePush(
  policy: ParsedPolicy | undefined,
  principals: readonly string[],
  service: PolicyService = PUBLIC_POLICIES,
): ParsedPolicy | undefined {
  const current = listStatements(policy).find(isPushStatement);
  if (policy === undefined || current === undefined) return policy;
  const granted = listGranted(current, service);
  const kept = granted.filter((principal) => !principals.includes(principal));
  if (kept.length === granted.length) return policy;
  const statements = listStatements(policy).flatMap((each) => {
    if (each !== current) return [each];
    return kept.length === 0 ? [] : [{ ...each, Principal: { AWS: kept } }];
  });
  return replaceStatements(policy, statements);
}

/**
 * Lists the Sids of the statements that still allow something to one of the principals: by name, by its account, or as everybody. A
 * statement without a Sid is `(no Sid)`.
 */
export function findRemainingGrants(
  policy: ParsedPolicy | undefined,
  principals: readonly string[],
): readonly string[] {
  return listStatements(policy)
    .filter(({ Effect }) => Effect === 'Allow')
    .filter(({ Principal }) =>
      listAwsPrincipals(Principal).some((named) => principals.some((each) => covers(named, each))),
    )
    .map(({ Sid }) => (typeof Sid === 'string' ? Sid : '(no Sid)'));
}

function covers(named: string, principal: string): boolean {
  const [, account] = /^arn:aws[a-z-]*:(?:iam|sts)::(\d{12}):/.exec(principal) ?? [];
  const key = toPrincipalKey(named);
  return named === '*' || key === toPrincipalKey(principal) || key === toPrincipalKey(account ?? '');
}

/** Lists the AWS principals of a `Principal` in the form in which the service stores them. */
export function listAwsPrincipals(
  principal: unknown,
  { partition }: PolicyService = PUBLIC_POLICIES,
): readonly string[] {
  return listTexts(isObject(principal) ? principal.AWS : principal).map((each) =>
    toPrincipalArn(each, partition),
  );
}

function isPushStatement({ Sid }: JsonObject): boolean {
  return Sid === PUSH_SID;
}

/** Lists whom the statement lets push. Throws CONFLICT if it does anything else. */
function listGranted(statement: JsonObject, service: PolicyService): readonly string[] {
  const problem = findForeignPart(statement, service);
  if (problem === undefined) return listAwsPrincipals(statement.Principal, service);
  throw new EcrpError('CONFLICT', `the statement ${PUSH_SID} ${problem}, so ecrp does not change it`, {
    hint: "Give it another Sid with 'ecrp policy set', or remove it with 'ecrp policy delete REPO --sid EcrpPush'.",
  });
}

/** Finds what a new principal would get or suffer besides a push. */
function findForeignPart(statement: JsonObject, { pushActions }: PolicyService): string | undefined {
  const { Effect: effect, Action: actions, Principal: principal } = statement;
  if (effect !== 'Allow') return 'does not allow, it denies';
  const foreign = Object.keys(statement).find(
    (member) => !['Sid', 'Effect', 'Principal', 'Action'].includes(member),
  );
  if (foreign !== undefined) return `has a ${foreign}`;
  if (!isObject(principal) || Object.keys(principal).join() !== 'AWS') return 'is not about AWS accounts';
  const known = pushActions.map((action) => action.toLowerCase());
  const other = listTexts(actions).find((action) => !known.includes(action.toLowerCase()));
  return other === undefined ? undefined : `allows ${other} as well`;
}

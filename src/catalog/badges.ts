// The Gallery shows these names as badges and filters by them. It stores any other name and never shows it. Source: AWS service model
// 2020-10-30, RepositoryCatalogDataInput. Each badge has a pattern of what people write instead, without case and punctuation.

type Badges = readonly (readonly [badge: string, others: RegExp])[];

const ARCHITECTURES: Badges = [
  ['x86-64', /^(x?8664|x64|amd64(v\d)?|intel64|em64t)$/],
  ['ARM 64', /^(arm64(v8)?|aarch64|armv8)$/],
  ['x86', /^(x86|x8632|ia32|i?[3-6]86)$/],
  ['ARM', /^(arm(32)?(v[5-7])?|armhf|armel|armv[5-7]l?|aarch32)$/],
];

const OPERATING_SYSTEMS: Badges = [
  ['Linux', /linux|ubuntu|debian|alpine|fedora|centos/],
  ['Windows', /^win/],
];

export type BadgeKind = 'architectures' | 'operatingSystems';

const BADGES: Readonly<Record<BadgeKind, Badges>> = {
  architectures: ARCHITECTURES,
  operatingSystems: OPERATING_SYSTEMS,
};

/** Lists the names that become badges. */
export function listBadges(kind: BadgeKind): readonly string[] {
  return BADGES[kind].map(([badge]) => badge);
}

/** Explains why a name will not become a badge, and which name will. Undefined for the name of a badge. */
export function explainMissingBadge(kind: BadgeKind, name: string): string | undefined {
  const names = listBadges(kind);
  if (names.includes(name)) return undefined;
  const fault = `"${name}" will not become a badge in the Gallery`;
  const nearest = findBadge(kind, name);
  if (nearest !== undefined) return `${fault}; "${nearest}" will`;
  const other = kind === 'architectures' ? 'operatingSystems' : 'architectures';
  if (findBadge(other, name) !== undefined) return `${fault}; it belongs in ${other}`;
  return `${fault}; these will: ${names.join(', ')}`;
}

function findBadge(kind: BadgeKind, name: string): string | undefined {
  // Docker's form of a platform, linux/arm64/v8, has both names.
  const [first = '', ...rest] = name.split('/');
  const part = kind === 'architectures' && rest.length > 0 ? rest.join('') : first;
  const simple = part.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return BADGES[kind].find(([, others]) => others.test(simple))?.[0];
}

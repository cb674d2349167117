import { createEnvironment, type Environment } from '../../../api/cel/environment.ts';
import { schemaTypes } from '../../../api/cel/schema-types.ts';
import { authorizerType, dynType, type Type, type TypeProvider } from '../../../api/cel/types.ts';
import type { GroupVersionKind } from '../../../api/object.ts';
import type { JsonSchema } from '../../../api/structural/json-schema.ts';
import { composition } from '../../resources/admissionregistration/expression-compiler.ts';
import { namespaceType, requestType, requestTypes } from '../../resources/admissionregistration/expression-types.ts';
import type { ValidatingAdmissionPolicy } from '../../resources/admissionregistration/validating-policies.ts';

/** A kind as its published document describes it. */
export interface KindSchema {
  readonly schema: JsonSchema;
  resolve(ref: string): JsonSchema | undefined;
}

export interface TypeCheckDeps {
  /** The kind of a resource, where it is served. */
  kindOf(group: string, version: string, resource: string): GroupVersionKind | undefined;
  schemaOf(kind: GroupVersionKind): Promise<KindSchema | undefined>;
}

export interface ExpressionWarning {
  readonly fieldRef: string;
  readonly warning: string;
}

type Policy = Readonly<ValidatingAdmissionPolicy>;

const maxTypes = 10;

/** The kinds that a policy names: wildcards and subresources name none. */
export function kindsToCheck(policy: Policy, deps: TypeCheckDeps): GroupVersionKind[] {
  const kinds = new Map<string, GroupVersionKind>();
  for (const rule of policy.spec?.matchConstraints?.resourceRules ?? []) {
    const { apiGroups = [], apiVersions = [], resources = [] } = rule;
    const names = resources.filter((name) => !/[*/]/.test(name));
    if ([...apiGroups, ...apiVersions].some((name) => name.includes('*'))) continue;
    const sorted = (list: readonly string[]): string[] => [...list].sort();
    for (const group of sorted(apiGroups))
      for (const version of sorted(apiVersions))
        for (const resource of sorted(names)) {
          const kind = deps.kindOf(group, version, resource);
          if (kind !== undefined) kinds.set(kindText(kind), kind);
          if (kinds.size === maxTypes) return sortKinds([...kinds.values()]);
        }
  }
  return sortKinds([...kinds.values()]);
}

function sortKinds(kinds: GroupVersionKind[]): GroupVersionKind[] {
  const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return kinds.sort((a, b) => compare(a.group, b.group) || compare(a.version, b.version) || compare(a.kind, b.kind));
}

/** As Go prints it. */
function kindText({ group, version, kind }: GroupVersionKind): string {
  return `${group}/${version}, Kind=${kind}`;
}

interface TypedKind {
  readonly type: Type;
  readonly provider: TypeProvider;
}

async function typedKind(kind: GroupVersionKind, name: string, deps: TypeCheckDeps): Promise<TypedKind | undefined> {
  const found = await deps.schemaOf(kind);
  return found && schemaTypes(found.schema, { name, isResourceRoot: true, resolve: found.resolve });
}

function environmentWith(object: TypedKind, params: TypedKind | undefined, hasParams: boolean): Environment {
  const base = createEnvironment({
    provider: requestTypes,
    variables: {
      request: requestType,
      namespaceObject: namespaceType,
      object: object.type,
      oldObject: object.type,
      authorizer: authorizerType,
      ...(hasParams ? { params: params?.type ?? dynType } : {}),
    },
  });
  const typed = base.extend({ provider: object.provider });
  return params === undefined ? typed : typed.extend({ provider: params.provider });
}

/** What is wrong with a policy's expressions when objects have the types that their schemas give them. Never refuses anything. */
export async function checkTypes(policy: Policy, deps: TypeCheckDeps): Promise<ExpressionWarning[]> {
  const { spec = {} } = policy;
  const { paramKind, variables = [], validations = [] } = spec;
  const kinds = kindsToCheck(policy, deps);
  const checkers: { readonly kind: GroupVersionKind; readonly check: (expression: string) => string | undefined }[] =
    [];
  const params = paramKind && (await typedKind(kindOfParams(paramKind), 'Params', deps));
  for (const kind of kinds) {
    const object = await typedKind(kind, `Checked.${kind.kind}`, deps);
    if (object === undefined) continue;
    const environment = environmentWith(object, params, paramKind !== undefined);
    const composed = composition(() => environment);
    const options = { hasParams: paramKind !== undefined, hasAuthorizer: true };
    for (const { name = '', expression = '' } of variables) composed.declare(name, expression, options);
    checkers.push({
      kind,
      check: (expression) =>
        composed.compile('variable', expression, options).error?.replace('compilation failed: ', ''),
    });
  }
  const warn = (fieldRef: string, expression: string): ExpressionWarning[] => {
    const texts = checkers.flatMap(({ kind, check }) => {
      const issues = check(expression);
      return issues === undefined ? [] : [`${kindText(kind)}: ${issues}\n`];
    });
    return texts.length === 0 ? [] : [{ fieldRef, warning: texts.join('\n') }];
  };
  return validations.flatMap(({ expression = '', messageExpression = '' }, i) => [
    ...warn(`spec.validations[${i}].expression`, expression),
    ...(messageExpression === '' ? [] : warn(`spec.validations[${i}].messageExpression`, messageExpression)),
  ]);
}

function kindOfParams({ apiVersion = '', kind = '' }: { apiVersion?: string; kind?: string }): GroupVersionKind {
  const slash = apiVersion.indexOf('/');
  return slash < 0
    ? { group: '', version: apiVersion, kind }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1), kind };
}

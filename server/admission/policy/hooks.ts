import type { KubeObject } from '../../../api/object.ts';
import type { Composition, ExpressionOptions } from '../../resources/admissionregistration/expression-compiler.ts';
import { createExpressionCompiler } from '../../resources/admissionregistration/expression-compiler.ts';
import type { MatchResources } from '../../resources/admissionregistration/match-resources.ts';
import { type CompiledMatch, compileMatch } from './match.ts';
import { createPrograms, type Runnable } from './programs.ts';

/** What both kinds of policies have. */
interface PolicyObject extends KubeObject {
  readonly spec?: {
    readonly failurePolicy?: string;
    readonly paramKind?: { readonly apiVersion?: string; readonly kind?: string };
    readonly matchConstraints?: MatchResources;
    readonly matchConditions?: readonly { readonly expression?: string }[];
    readonly variables?: readonly { readonly name?: string; readonly expression?: string }[];
  };
}

interface BindingObject extends KubeObject {
  readonly spec?: { readonly policyName?: string; readonly matchResources?: MatchResources };
}

export interface BoundBinding<B> {
  readonly object: Readonly<B>;
  readonly name: string;
  /** Undefined: whatever the policy matches. */
  readonly match: CompiledMatch | undefined;
}

/** A policy with the bindings that put it into force. */
export interface Hook<P, B, E> {
  readonly policy: Readonly<P>;
  readonly name: string;
  readonly match: CompiledMatch | undefined;
  readonly ignoresFailures: boolean;
  readonly bindings: readonly BoundBinding<B>[];
  readonly variables: ReadonlyMap<string, Runnable>;
  readonly conditions: readonly Runnable[];
  /** What only this kind of policy has. */
  readonly expressions: E;
}

export type Compile = (
  kind: Parameters<Composition['compile']>[0],
  expression: string,
  options?: Partial<ExpressionOptions>,
) => Runnable;

interface CompiledPolicy<E> {
  readonly revision: string;
  readonly variables: ReadonlyMap<string, Runnable>;
  readonly conditions: readonly Runnable[];
  readonly expressions: E;
}

export interface HookSourceOptions<P, B, E> {
  /** The same arrays as long as nothing changes. */
  policies(): readonly Readonly<P>[];
  bindings(): readonly Readonly<B>[];
  compileRest(policy: Readonly<P>, compile: Compile): E;
}

const nameOf = ({ metadata }: Readonly<KubeObject>): string => metadata?.name ?? '';

/** Bound policies in the order of their names, each compiled once as long as it does not change. */
export function createHookSource<P extends PolicyObject, B extends BindingObject, E>(
  options: HookSourceOptions<P, B, E>,
): () => readonly Hook<P, B, E>[] {
  const compiler = createExpressionCompiler();
  const programOf = createPrograms();
  let compiled = new Map<string, CompiledPolicy<E>>();
  const compilePolicy = (policy: Readonly<P>): CompiledPolicy<E> => {
    const { variables = [], matchConditions = [], paramKind } = policy.spec ?? {};
    const composed = compiler.compose();
    const hasParams = paramKind !== undefined;
    for (const { name = '', expression = '' } of variables)
      composed.declare(name, expression, { hasParams, hasAuthorizer: true });
    const compile: Compile = (kind, expression, more) =>
      programOf(composed.compile(kind, expression, { hasParams, hasAuthorizer: true, ...more }));
    return {
      revision: policy.metadata?.resourceVersion ?? '',
      variables: new Map([...composed.variables].map(([name, variable]) => [name, programOf(variable)])),
      conditions: matchConditions.map(({ expression = '' }) => compile('matchCondition', expression)),
      expressions: options.compileRest(policy, compile),
    };
  };
  let made:
    | { readonly policies: object; readonly bindings: object; readonly hooks: readonly Hook<P, B, E>[] }
    | undefined;
  const make = (policies: readonly Readonly<P>[], bindings: readonly Readonly<B>[]): readonly Hook<P, B, E>[] => {
    const kept = new Map<string, CompiledPolicy<E>>();
    const hooks = policies.flatMap((policy) => {
      const name = nameOf(policy);
      const bound = bindings.filter(({ spec }) => spec?.policyName === name);
      if (bound.length === 0) return [];
      const known = compiled.get(name);
      const parts = known?.revision === policy.metadata?.resourceVersion ? known : undefined;
      const { variables, conditions, expressions } = parts ?? compilePolicy(policy);
      kept.set(name, { revision: policy.metadata?.resourceVersion ?? '', variables, conditions, expressions });
      const { matchConstraints, failurePolicy } = policy.spec ?? {};
      return [
        {
          policy,
          name,
          variables,
          conditions,
          expressions,
          match: matchConstraints && compileMatch(matchConstraints),
          ignoresFailures: failurePolicy === 'Ignore',
          bindings: bound.map((object) => {
            const { matchResources } = object.spec ?? {};
            return { object, name: nameOf(object), match: matchResources && compileMatch(matchResources) };
          }),
        },
      ];
    });
    compiled = kept;
    return hooks;
  };
  return () => {
    const policies = options.policies();
    const bindings = options.bindings();
    if (made?.policies !== policies || made.bindings !== bindings)
      made = { policies, bindings, hooks: make(policies, bindings) };
    return made.hooks;
  };
}

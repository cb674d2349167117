import { semanticEqual } from '../../api/equal.ts';
import type { KubeObject } from '../../api/object.ts';
import { type AdmissionRequest, reinvocationOf } from './plugin.ts';

/** What a plug-in that calls others one after the other knows in the second round of the first. */
export interface ReinvocationMemory {
  /** Whether it is the turn of the one with this key: all have theirs in the first round. */
  isDue(key: string): boolean;
  /** The object is another one now: those before it may want to see it. */
  changed(): void;
  /** It may be called again, should the object change after it. */
  mayReturn(key: string): void;
  /** At the end of a round. */
  settle(object: Readonly<KubeObject> | undefined): void;
}

interface State {
  lastOutput: Readonly<KubeObject> | undefined;
  invoked: Set<string>;
  readonly again: Set<string>;
}

export function reinvocationMemory(pluginName: string, request: AdmissionRequest): ReinvocationMemory {
  const reinvocation = reinvocationOf(request);
  const known = reinvocation.values.get(pluginName) as State | undefined;
  const state = known ?? { lastOutput: undefined, invoked: new Set(), again: new Set() };
  reinvocation.values.set(pluginName, state);
  const requireAgain = (): void => {
    for (const key of state.invoked) state.again.add(key);
    state.invoked = new Set();
  };
  const { isReinvoke } = reinvocation;
  if (isReinvoke && !semanticEqual(state.lastOutput, request.object)) requireAgain();
  return {
    isDue: (key) => !isReinvoke || state.again.has(key),
    changed() {
      requireAgain();
      reinvocation.shouldReinvoke = true;
    },
    mayReturn: (key) => state.invoked.add(key),
    settle(object) {
      state.lastOutput = structuredClone(object);
    },
  };
}

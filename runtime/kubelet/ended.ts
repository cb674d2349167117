/** Why signals of pods abort. Without a reason of its own each abort makes an error with a stack, which costs more than all the rest of it. */
export const ended = 'ended';

/** One line of a judgement. */
export const unless = (holds: boolean, problem: string): string[] => (holds ? [] : [problem]);

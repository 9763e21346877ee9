export const limits: { s: number; l: number; p: number }
export function checkWords(...files: string[]): string[]
export function checkFailures(words: Record<string, string>, go: string): string[]
export function checkUse(words: Record<string, string>, sources: string[]): string[]
export function checkDoor(inside: Record<string, string>, sources: string[]): string[]
export function sourcesFrom(file: string, seen?: Map<string, string>): Map<string, string>
export function sourcesUnder(dir: string): string[]
export function checkAll(): string[]

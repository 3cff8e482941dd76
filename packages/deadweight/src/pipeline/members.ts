/** The members of the folders that are open for more: what this version can read, judge and print. */
export { checks } from "../checks/index.ts";
export { edits } from "../edits/index.ts";
export { formats } from "../formats/index.ts";
export { rules } from "../rules/index.ts";
export { transforms } from "../transforms/index.ts";

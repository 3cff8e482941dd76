import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import type { ByteString } from "../lib/byte-string.ts";
import type { ElfNeeds, LayerPrograms } from "../model/layer-programs.ts";
import { fileTree } from "./file-tree.ts";

/** What files ask of others when they run, by entry; of a hard link what the file that it leads to asks. */
export interface Programs {
  readonly elf: (entry: number) => ElfNeeds | undefined;
  /** The first line of a script, without `#!`. */
  readonly shebang: (entry: number) => ByteString | undefined;
  readonly mentions: (entry: number) => readonly ByteString[];
  readonly certificates: (entry: number) => Uint32Array | undefined;
  /** Whether layers hold more than is kept of them. */
  readonly isCut: boolean;
}

/** Why checks that look at programs say nothing of an image that was read without them. */
export const programsNotRead = "the programs of an image were not looked into";

/** What the layers' programs ask; undefined when one of them was read without. */
export const programs: Fact<Programs | undefined> = defineFact("programs", (facts: Facts): Programs | undefined => {
  const tree = facts.get(fileTree);
  const layers = facts.layers.flatMap((layer) => layer.programs ?? []);
  if (layers.length < facts.layers.length) return undefined;
  const firsts = facts.layers.map((_, place) => facts.layers.slice(0, place).reduce((sum, { count }) => sum + count, 0));
  const at = <T>(entry: number, read: (layer: LayerPrograms, index: number) => T | undefined): T | undefined => {
    const content = tree.contentOf(entry);
    const place = tree.layerOf(content);
    const layer = layers[place];
    return layer === undefined ? undefined : read(layer, content - (firsts[place] ?? 0));
  };
  return {
    elf: (entry) => at(entry, (layer, index) => layer.elf.get(index)),
    shebang: (entry) => at(entry, (layer, index) => layer.shebangs.get(index)),
    mentions: (entry) => at(entry, (layer, index) => layer.mentions.get(index)) ?? [],
    certificates: (entry) => at(entry, (layer, index) => layer.certificates.get(index)),
    isCut: layers.some(({ isCut }) => isCut),
  };
});

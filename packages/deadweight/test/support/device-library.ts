import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./temporary-folder.ts";

/** A shared library with containers of device code, as nvcc and a host compiler make one, with what it says when it is loaded. */
export interface DeviceLibrary {
  readonly bytes: Buffer;
  /**
   * Loads a library of the same program, or runs it when it is one itself, and gives its lines: `CONTAINER: SIZE of its images, with the hash
   * of each`, then what its host code does: an exception, a thread-local variable, constants.
   */
  readonly say: (library: Uint8Array) => readonly string[];
}

/** What is left out of the test when it can't be linked here. */
export interface MissingLinker {
  readonly missing: string;
}

/** How a library holds its containers. */
export interface ContainerPlaces {
  /** So many of the first stand in `__nv_relfatbin`, and other constants between them and the others, as in NCCL. */
  readonly relocatable?: number;
  /** Containers that no pointer leads to: code computes where they are, as in cuSPARSE. */
  readonly computed?: readonly number[];
}

/** Links a library with these containers; `flags` are for the linker's driver. */
export function deviceLibrary(
  containers: readonly Buffer[],
  flags: readonly string[] = [],
  places: ContainerPlaces = {},
): DeviceLibrary | MissingLinker {
  const folder = temporaryFolder();
  for (const [number, container] of containers.entries()) writeFileSync(join(folder, `c${number}.bin`), container);
  writeFileSync(join(folder, "library.cc"), librarySource(containers.length, places));
  writeFileSync(join(folder, "host.cc"), hostSource);
  const isProgram = flags.includes("-pie");
  const library = ["-O1", "-g", "-fPIC", "-ffunction-sections", ...(isProgram ? ["-DPROGRAM"] : ["-shared"]), ...flags];
  const runs = [
    spawnSync("g++", [...library, "-o", "library.so", "library.cc"], { cwd: folder, encoding: "utf8" }),
    spawnSync("g++", ["-O1", "-o", "host", "host.cc", "-ldl"], { cwd: folder, encoding: "utf8" }),
  ];
  const failed = runs.find(({ status }) => status !== 0);
  if (failed !== undefined) return { missing: `g++ ${flags.join(" ")}: ${(failed.stderr ?? "is not there").split("\n")[0]}` };
  return {
    bytes: readFileSync(join(folder, "library.so")),
    say: (bytes) => {
      const path = join(folder, "other.so");
      writeFileSync(path, bytes, { mode: 0o755 });
      const [command, args] = isProgram ? [path, []] : [join(folder, "host"), [path]];
      const run = spawnSync(command, args, { encoding: "utf8" });
      if (run.status !== 0) throw new Error(`${run.status} ${run.signal}: ${run.stderr}`);
      return run.stdout.trim().split("\n");
    },
  };
}

function librarySource(count: number, { relocatable = 0, computed = [] }: ContainerPlaces): string {
  const numbers = Array.from({ length: count }, (_, number) => number);
  const between =
    '__asm__(".pushsection .nvHRKI,\\"a\\",@progbits\\n.balign 16\\nbetween:\\n.fill 13000, 1, 0x5a\\n.popsection\\n");' +
    'extern "C" const unsigned char between[] __attribute__((visibility("hidden")));';
  const data = numbers.map((number) => {
    const section = number < relocatable ? "__nv_relfatbin" : ".nv_fatbin";
    const container =
      `__asm__(".pushsection ${section},\\"a\\",@progbits\\n.balign 8\\nfatbinData${number}:\\n.incbin \\"c${number}.bin\\"\\n.popsection\\n");` +
      `extern "C" const char fatbinData${number}[] __attribute__((visibility("hidden")));`;
    const wrapper =
      `static Wrapper wrapper${number} __attribute__((section(".nvFatBinSegment"), aligned(8), used)) = ` +
      `{0x466243b1, 1, fatbinData${number}, nullptr};`;
    return [...(number === relocatable ? [between] : []), container, ...(computed.includes(number) ? [] : [wrapper])].join("\n");
  });
  const dataOf = (number: number): string => (computed.includes(number) ? `fatbinData${number}` : `wrapper${number}.data`);
  return `
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
struct Wrapper { int magic, version; const void *data, *other; };
${data.join("\n")}
static thread_local int counter = 40;
static const char constant[] = "a constant behind and before";
static void tell(const void *data, int number) {
  const unsigned char *at = static_cast<const unsigned char *>(data);
  if (*reinterpret_cast<const uint32_t *>(at) != 0xba55ed50u) { printf("%d: no container\\n", number); return; }
  const uint64_t size = *reinterpret_cast<const uint64_t *>(at + 8);
  printf("%d:", number);
  for (uint64_t place = 16; place < 16 + size;) {
    const unsigned char *entry = at + place;
    const uint64_t length = *reinterpret_cast<const uint32_t *>(entry + 4) + *reinterpret_cast<const uint64_t *>(entry + 8);
    uint64_t hash = 1469598103934665603u;
    for (uint64_t byte = 0; byte < length; byte++) hash = (hash ^ entry[byte]) * 1099511628211u;
    printf(" %s%u/%016llx", *reinterpret_cast<const uint16_t *>(entry) == 1 ? "p" : "e",
           *reinterpret_cast<const uint32_t *>(entry + 0x1c), static_cast<unsigned long long>(hash));
    place += length;
  }
  printf("\\n");
}
extern "C" __attribute__((noinline)) void fail(const char *text) { throw std::runtime_error(std::string(text) + constant); }
extern "C" int say() {
  ${numbers.map((number) => `tell(${dataOf(number)}, ${number});`).join("\n  ")}
  int sum = 0;
  for (int place = 0; place < 13000; place++) sum += between[place];
  printf("between %d\\n", sum);
  try { fail("caught inside: "); } catch (const std::exception &error) { printf("%s\\n", error.what()); }
  printf("thread-local %d\\n", ++counter);
  return 7;
}
#ifdef PROGRAM
int main() { say(); return 0; }
#endif
`;
}

const hostSource = `
#include <cstdio>
#include <dlfcn.h>
#include <exception>
#include <thread>
int main(int, char **arguments) {
  void *library = dlopen(arguments[1], RTLD_NOW);
  if (!library) { fprintf(stderr, "%s\\n", dlerror()); return 1; }
  auto say = reinterpret_cast<int (*)()>(dlsym(library, "say"));
  auto fail = reinterpret_cast<void (*)(const char *)>(dlsym(library, "fail"));
  printf("%d\\n", say());
  try { fail("caught outside: "); } catch (const std::exception &error) { printf("%s\\n", error.what()); }
  std::thread([&] { say(); }).join();
  return 0;
}
`;

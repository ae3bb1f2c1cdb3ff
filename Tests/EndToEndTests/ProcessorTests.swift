import Foundation
import TestSupport
import Testing

private let emulator = "/usr/bin/qemu-x86_64"

extension EndToEnd {
    /// The program on processors that QEMU plays.
    @Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: emulator), "there is no qemu-user here"))
    struct ProcessorTests {
        private func version(on processor: String) async throws -> Subprocess.Outcome {
            try await Subprocess.run(emulator, ["-cpu", processor, Child.program, "--version"])
        }

        @Test(arguments: [("core2duo", "AVX"), ("Nehalem", "AVX"), ("SandyBridge", "AVX2")])
        func anOldProcessorIsToldOf(_ processor: String, _ missing: String) async throws {
            let outcome = try await version(on: processor)
            #expect(outcome.code == 2)
            #expect(outcome.output == "")
            #expect(
                outcome.errors.contains(
                    "autochrome: this processor has no \(missing); one with AVX2 and FMA is needed\n"))
        }

        @Test func oneThatHasAllOfItWillDo() async throws {
            let outcome = try await version(on: "Haswell")
            #expect(outcome.code == 0)
            #expect(outcome.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
        }
    }
}

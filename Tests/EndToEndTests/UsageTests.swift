import Foundation
import TestSupport
import Testing

extension EndToEnd {
    @Suite struct UsageTests {
        private let folder: TemporaryFolder

        init() throws { folder = try TemporaryFolder() }

        @Test(arguments: [
            [], ["colourise"], ["colorize"], ["colorize", "a.png"],
            ["colorize", "a.png", "--output", "/tmp/x", "--samples", "0"],
            ["colorize", "a.png", "--output", "/tmp/x", "--format", "gif"],
            ["colorize", "a.png", "--output", "/tmp/x", "--threads", "-1"], ["status", "--unknown"],
            ["interpolate", "a.png", "--output", "/tmp/x.jpg", "--grid", "4"],
            ["interpolate", "a.png", "--output", "/tmp/x.gif"], ["interpolate", "a.png"],
            ["interpolate", "a.png", "--output", "/tmp/x.jpg", "--vary", "1"],
            ["transfer", "b.png", "--reference", "a.png", "--output", "/tmp/x", "--levels", "1,5"],
            ["transfer", "b.png", "--output", "/tmp/x"], ["train", "mnist", "--data", "/tmp"],
            ["generate", "mnist", "--digit", "10", "--output", "/tmp/x.png"], ["bench", "--preset", "huge"],
            ["bench", "--pipeline", "0"],
            ["evaluate", "/tmp", "--samples", "0"], ["evaluate", "/tmp", "--temperature", "3"],
            ["evaluate", "/tmp", "--mode-saturation", "4"],
            ["colorize", "a.png", "--output", "/tmp/x", "--temperature", "-1"],
        ])
        func wrongUsageEndsWithTwo(_ arguments: [String]) async throws {
            let outcome = try await Child(arguments).wait()
            // Without a command, the help is shown.
            #expect(outcome.code == (arguments.isEmpty ? 0 : 2), "\(arguments): \(outcome.errors)")
            if !arguments.isEmpty {
                #expect(outcome.output == "")
                #expect(!outcome.errors.isEmpty)
            }
        }

        @Test func aFileOfOptionsThatIsMissingIsNamedInOneSentence() async throws {
            let none = folder.path + "/none"
            let folders = ["--inbox", folder.path, "--outbox", folder.path + "/out", "--state", folder.path]
            for arguments in [
                ["colorize", folder.path, "--output", folder.path + "/out", "--list", none],
                ["events", "--name", "a", "--post", "http://localhost", "--headers", none] + folders,
                ["status", "--config", none],
            ] {
                let outcome = try await Child(arguments).wait()
                #expect(
                    outcome.code == 2 && outcome.errors == "autochrome: \(none) does not exist\n", "\(outcome.errors)")
            }
        }

        @Test func missingInputsAreNamed() async throws {
            let good = try folder.write(Pictures.gray(), "good.png")
            let outcome = try await Child.run(
                "colorize", folder.path + "/none.jpg", good, "--output", folder.path + "/out", "--samples", "1")
            #expect(outcome.code == 1)
            #expect(outcome.errors.contains(folder.path + "/none.jpg"))
            #expect(folder.list("out") == ["good"])
        }

        @Test(arguments: ["missing", "text", "truncated", "empty", "folder"])
        func aModelThatIsNoneIsRefused(_ kind: String) async throws {
            let model = folder.path + "/model.safetensors"
            switch kind {
            case "text": try folder.write(Array("hello, this is no model".utf8), "model.safetensors")
            case "truncated":
                let whole = try #require(FileManager.default.contents(atPath: Repository.model))
                try folder.write(whole.prefix(whole.count / 2), "model.safetensors")
            case "empty": try folder.write([], "model.safetensors")
            case "folder": try folder.makeFolder("model.safetensors")
            default: break
            }
            let input = try folder.write(Pictures.gray(), "in/a.png")
            let commands = [
                ["colorize", input, "--output", folder.path + "/out", "--model", model], ["model", model, "--json"],
                ["interpolate", input, "--output", folder.path + "/grid.jpg", "--model", model],
                ["bench", "--model", model, "--json"], ["evaluate", folder.path + "/in", "--model", model],
            ]
            for command in commands {
                let outcome = try await Child(command).wait()
                #expect(outcome.code == 2, "\(command[0]): \(outcome.errors)")
                #expect(outcome.errors.contains("model.safetensors"), "\(command[0]): \(outcome.errors)")
                #expect(outcome.output == "")
            }
            try folder.write(Array("model: \(model)\n".utf8), "service.yaml")
            let daemon = try await Child.run(
                "watch", "--once", "--config", folder.path + "/service.yaml", "--inbox", folder.path + "/in",
                "--outbox", folder.path + "/out", "--state", folder.path + "/state")
            #expect(daemon.code == 2 && daemon.errors.contains("model.safetensors"), "\(daemon.errors)")
            #expect(folder.list("out").isEmpty)
        }

        @Test(arguments: [
            ("samples: 3\nsampels: 4\n", "service.yaml:2: unknown key 'sampels'; did you mean 'samples'?"),
            ("samples: 400\n", "samples must be 1 to 99"), ("free_megabytes: 1e300\n", "free_megabytes must be"),
            ("threads: 1e9\n", "threads must be"), ("inbox: [\n", "service.yaml:"),
            ("exclude: [\"\"]\n", "empty glob"),
        ])
        func aWrongConfigurationIsRefused(_ yaml: String, _ expected: String) async throws {
            try folder.write(Array(yaml.utf8), "service.yaml")
            let places = [
                "--config", folder.path + "/service.yaml", "--inbox", folder.path + "/in", "--outbox",
                folder.path + "/out", "--state", folder.path + "/state",
            ]
            for command in [["watch", "--once"], ["retry"]] {
                let outcome = try await Child(command + places).wait()
                #expect(outcome.code == 2, "\(outcome.errors)")
                #expect(outcome.errors.contains(expected), "\(outcome.errors)")
            }
        }

        @Test(arguments: [
            ("in", "in/out", "state"), ("out/in", "out", "state"), ("in", "in", "state"), ("in", "out", "in/state"),
            ("in", "link/out", "state"),
        ])
        func foldersInsideEachOtherAreRefused(_ inbox: String, _ outbox: String, _ state: String) async throws {
            try folder.makeFolder("in")
            try FileManager.default.createSymbolicLink(
                atPath: folder.path + "/link", withDestinationPath: folder.path + "/in")
            let outcome = try await Child.run(
                "watch", "--once", "--inbox", folder.path + "/" + inbox, "--outbox", folder.path + "/" + outbox,
                "--state", folder.path + "/" + state)
            #expect(outcome.code == 2)
            #expect(outcome.errors.contains("inbox"), "\(outcome.errors)")
            #expect(!folder.exists("in/out") && !folder.exists("in/state"), "nothing is made in a watched folder")
        }

        @Test func helpAndVersionAreNoErrors() async throws {
            for arguments in [["--help"], ["--version"], ["watch", "--help"], ["help", "colorize"]] {
                let outcome = try await Child(arguments).wait()
                #expect(outcome.code == 0 && !outcome.output.isEmpty && outcome.errors == "", "\(arguments)")
            }
        }
    }
}

import Colorization
import Imaging
import Service

/// Results that a command makes again, and what it takes to.
struct PastWork {
    private let loaded: LoadedModel
    private let configuration: Configuration
    private let announcer: Announcer
    private var works: [PastResults] = []
    /// What cannot be made again, each with its reason.
    private(set) var problems: [String] = []

    /// Loads the model and finds the results at or below some paths; ends the command with code 2 where the model or the
    /// configuration is wrong.
    init(_ paths: [String], _ model: ModelOptions, _ service: ServiceOptions) throws {
        do {
            try Vips.start(concurrency: 1)
            var configuration = try service.load()
            model.apply(to: &configuration)
            self.configuration = configuration
            announcer = Announcer(configuration)
            loaded = try LoadedModel.load(configuration.model)
        } catch {
            throw Output.usage(error)
        }
        for path in paths {
            do {
                let past = try PastResults(path, configuration: configuration)
                problems += past.problems
                works.append(past)
            } catch {
                problems.append("\(error)")
            }
        }
    }

    /// The number of results.
    var count: Int { works.reduce(0) { $0 + $1.items.count } }

    /// Calls a function for the results of each path, with what makes them again.
    func forEach(
        override: @escaping @Sendable (inout ColoringSettings) -> Void, _ body: (BulkRun, [PastResults.Item]) -> Void
    ) {
        for past in works {
            let run = BulkRun(
                model: loaded, publisher: past.publisher, configuration: configuration, announcer: announcer,
                override: override)
            body(run, past.items)
        }
    }
}

import Foundation
import Imaging
import Logging
import Spool

/// Watches the inbox and works off what comes in, until it is told to stop.
package final class Daemon: Sendable {
    private let load: @Sendable () throws -> Configuration
    private let once: Bool
    private let logger: Logger
    private let manager: ServiceManager
    private let decoder: SandboxedDecoder

    /// - Parameters:
    ///   - once: Whether to end when all that lies in the inbox is worked off.
    ///   - load: Reads the configuration, at start and at every reload.
    package init(
        once: Bool, logger: Logger, manager: ServiceManager = ServiceManager(),
        decoder: SandboxedDecoder = SandboxedDecoder(),
        load: @escaping @Sendable () throws -> Configuration
    ) {
        self.once = once
        self.logger = logger
        self.manager = manager
        self.decoder = decoder
        self.load = load
    }

    /// Runs until the work or the service ends.
    ///
    /// - Returns: Whether everything that was begun succeeded and, in a single run, nothing is left to be done.
    /// - Throws: The reason why it cannot start.
    package func run() throws -> Bool {
        try open().run()
    }

    /// Opens the spool and gets model and decoder ready.
    private func open() throws -> RunningDaemon {
        let configuration = try load()
        let spool = try openSpool(configuration)
        let model = try LoadedModel.load(configuration.model)
        if let gap = try decoder.start().gap {
            logger.warning("decoders are confined less than they could be: there is no \(gap) here")
        }
        let runner = JobRunner(
            spool: spool, configuration: configuration, model: model, decoder: decoder, logger: logger)
        return RunningDaemon(runner, once: once, logger: logger, manager: manager, load: load)
    }

    private func openSpool(_ configuration: Configuration) throws -> Spool {
        var policy = RetryPolicy()
        policy.attempts = configuration.attempts
        policy.baseSeconds = configuration.backoffSeconds
        policy.longestSeconds = max(policy.longestSeconds, policy.baseSeconds)
        let logger = logger
        return try Spool(configuration.spool(once: once), policy: policy) {
            logger.log(level: $0.isWarning ? .warning : .notice, "\($0)")
        }
    }
}

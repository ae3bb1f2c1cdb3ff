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
    private let connect: (@Sendable (_ address: String) throws -> QueueConnector)?

    /// - Parameters:
    ///   - once: Whether to end when all that lies in the inbox is worked off.
    ///   - connect: Makes the queue of an address, where the configuration names one.
    ///   - load: Reads the configuration, at start and at every reload.
    package init(
        once: Bool, logger: Logger, manager: ServiceManager = ServiceManager(),
        decoder: SandboxedDecoder = SandboxedDecoder(),
        connect: (@Sendable (_ address: String) throws -> QueueConnector)? = nil,
        load: @escaping @Sendable () throws -> Configuration
    ) {
        self.once = once
        self.logger = logger
        self.manager = manager
        self.decoder = decoder
        self.connect = connect
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
        let model = try LoadedModel.load(configuration.model, beside: decoder, logger)
        let machines = try connector(configuration).map {
            try Machines(spool: spool, configuration: configuration, model: model, connector: $0)
        }
        let runner = JobRunner(
            spool: spool, configuration: configuration, model: model, decoder: decoder, logger: logger,
            coordinator: machines?.coordinator)
        return RunningDaemon(runner, machines, once: once, logger: logger, manager: manager, load: load)
    }

    private func connector(_ configuration: Configuration) throws -> QueueConnector? {
        configuration.queue.isEmpty ? nil : try connect?(configuration.queue)
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

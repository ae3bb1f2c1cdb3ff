import Logging

extension RunningDaemon {
    /// Reads configuration and model anew, and uses them from the next job on; both stay as they are if either is wrong.
    func reload() {
        manager.reloading()
        reloads.async { [self] in
            let loaded = Result { try readAnew() }
            control.async { [self] in apply(loaded) }
        }
    }

    private func readAnew() throws -> (configuration: Configuration, model: LoadedModel) {
        let next = try load()
        return (next, try LoadedModel.load(next.model))
    }

    private func apply(_ loaded: Result<(configuration: Configuration, model: LoadedModel), any Error>) {
        // A service that stops has said so: to call it ready would be wrong.
        guard isRunning else { return }
        defer { manager.ready() }
        do {
            let (next, model) = try loaded.get()
            for key in runner.configuration.keysThatNeedRestart(comparedWith: next) {
                logger.warning("\(key) has changed; that takes effect when the service is restarted")
            }
            runner.reload(next, model: model)
            logger.notice("configuration reloaded")
        } catch {
            logger.error("configuration not reloaded, the old one stays: \(error)")
        }
    }
}

/// Why a training cannot start, go on or save.
package enum TrainingError: Error, Equatable, CustomStringConvertible {
    /// A file that cannot be used, with the reason.
    case data(path: String, reason: String)
    case notACheckpoint(path: String)
    /// A checkpoint of another network.
    case otherNetwork(path: String, tensor: String)
    /// A checkpoint of a training with other settings.
    case otherSettings(path: String, reason: String)
    /// A setting out of its range.
    case setting(name: String, reason: String)
    /// Too many steps in a row were not finite.
    case diverged(steps: Int)

    package var description: String {
        switch self {
        case .data(let path, let reason): "\(path): \(reason)"
        case .notACheckpoint(let path): "\(path): not a checkpoint of a training"
        case .otherNetwork(let path, let tensor):
            "\(path): a checkpoint of another network: its tensor \(tensor) is missing, new or of another shape"
        case .otherSettings(let path, let reason): "\(path): a training with \(reason)"
        case .setting(let name, let reason): "\(name): \(reason)"
        case .diverged(let steps): "\(steps) steps in a row gave numbers that are not finite; the training has diverged"
        }
    }
}

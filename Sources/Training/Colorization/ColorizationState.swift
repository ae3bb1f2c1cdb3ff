/// The state of a trainer of colouring networks between runs.
struct ColorizationState: Codable {
    var settings: ColorizationSettings
    /// The network, as a model file's metadata have it.
    var network: [String: String]
    /// Tells the photographs apart from others.
    var data: String
    /// How the network that training started from had been trained, as JSON text.
    var origin: String
    var step = 0
    /// Smoothed likelihood in nats per dimension, once there is one.
    var smoothed: Double?
    var schedule: PlateauSchedule
    /// Sum and count of the likelihoods since the epoch began.
    var epochLoss = 0.0
    var epochSteps = 0
    /// Step and likelihood of each validation.
    var curve: [[Double]] = []
}

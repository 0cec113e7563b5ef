//! Authorizes once, then makes a request: run it twice and the second run asks for nothing.
use ecoauth::{Client, Error, Options, Storage};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::new(Storage::file("tokens"))
        .client_id(&std::env::var("ECOAUTH_CLIENT_ID")?)
        .base_url(&std::env::var("ECOAUTH_SERVER")?)
        .on_pin(|pin| println!("Enter {} at {}", pin.pin(), pin.verification_url));
    let client = Client::new(options)?;
    let account = client.account("default")?;
    match account.token().wait() {
        Err(Error::Reauthorize(_)) => account.authorize_pin().wait()?,
        Err(error) => {
            eprintln!("{}", error.details().advice);
            return Err(error.into());
        }
        Ok(_) => (),
    }
    let answer = account.get("/1/thermostatSummary?json=%7B%7D").wait()?;
    println!("{}", String::from_utf8_lossy(&answer.body));
    Ok(())
}

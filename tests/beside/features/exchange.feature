Feature: Exchange
  Scenario: The seller agrees
    Given an exchange
    When the seller agrees
    Then the buyer is to ship the goods back
